#include "generator.h"

#include <algorithm>
#include <chrono>

#include <mlx/ops.h>

namespace rankscope {

namespace mx = mlx::core;

namespace {

constexpr int kProgressEvery = 16, kSnapshotEvery = 64;  // tokens; memory moves slowly, and a snapshot is two slots

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

mx::array last_position(const mx::array& hidden) {
  const int tokens = hidden.shape(1), width = hidden.shape(2);
  return mx::slice(hidden, {0, tokens - 1, 0}, {1, tokens, width});
}

}  // namespace

GenerateResult Generator::run(int context, const OnToken& on_token) {
  const auto started = std::chrono::steady_clock::now();
  result_.prompt_tokens = static_cast<int>(request_.tokens.size());
  history_ = request_.tokens;
  look_up_cache();
  Agreed agreed{0, !prefill()};
  if (!agreed.cancelled) agreed = first_token();
  result_.prefill_ms = ms_since(started);

  const auto first = std::chrono::steady_clock::now();
  if (agreed.cancelled) observe_cancel();
  else decode(std::min(request_.max_tokens, context - result_.prompt_tokens), agreed, on_token);
  result_.decode_ms = ms_since(first);
  return std::move(result_);
}

void Generator::look_up_cache() {
  p_.loop.within(Phase::kv_cache_lookup, Snapshot::at_enter, [&] {
    result_.cached_tokens = p_.cache.reuse(request_.tokens);
    const Event found = result_.cached_tokens > 0 ? Event::cache_hit : Event::cache_miss;
    p_.loop.mark(Phase::kv_cache_lookup, found, result_.cached_tokens, result_.prompt_tokens);
  });
}

bool Generator::prefill() {
  const int left = result_.prompt_tokens - result_.cached_tokens;
  const int chunks = (left + request_.prefill_chunk - 1) / request_.prefill_chunk;
  auto from = request_.tokens.begin() + result_.cached_tokens;
  for (int i = 1; i <= chunks; ++i) {
    const bool cancelled =
        alone() ? p_.cancel.load() : p_.loop.within(Phase::prefill_barrier, [&] { return agree(0).cancelled; });
    if (cancelled) return false;
    const auto to = from + std::min<ptrdiff_t>(request_.prefill_chunk, request_.tokens.end() - from);
    prefill_chunk({from, to}, i, chunks);
    from = to;
  }
  return true;
}

void Generator::prefill_chunk(const std::vector<int32_t>& tokens, int index, int total) {
  const Shard& shard = p_.model.shard();
  const auto receive = [&] {
    mx::array hidden = hidden_before(p_.model, p_.group, tokens);
    p_.group.eval({hidden});
    return hidden;
  };
  mx::array hidden = shard.receives() ? p_.loop.within(Phase::prefill_pipeline, receive) : p_.model.embed(tokens);
  p_.loop.within(Phase::prefill_stream, [&] {
    strike_if_alone(Phase::prefill_stream);
    hidden = p_.model.through_layers(hidden, p_.cache);
    // What no later step needs is left out of the eval, and so is never computed.
    std::vector<mx::array> outputs = p_.cache.arrays();
    if (shard.sends()) outputs.push_back(hidden);
    if (index == total && shard.has_head()) outputs.push_back(last_hidden_.emplace(last_position(hidden)));
    p_.group.eval(std::move(outputs));
    p_.cache.advance(tokens);
    p_.loop.progress(Phase::prefill_stream, index, total);
  });
  if (!shard.sends()) return;
  p_.loop.within(Phase::prefill_pipeline,
                 [&] { p_.group.eval({p_.group.send(hidden, shard.rank + 1, shard.end_layer - 1)}); });
}

Generator::Agreed Generator::first_token() {
  return p_.loop.within(Phase::decode_wait_first_token, [&] {
    strike_if_alone(Phase::decode_wait_first_token);
    const Shard& shard = p_.model.shard();
    int32_t token = 0;
    if (last_hidden_ && (shard.samples() || request_.want_logits)) {
      const mx::array logits = mx::astype(p_.model.logits(*last_hidden_), mx::float32);
      p_.group.eval({logits});
      if (request_.want_logits) result_.logits.assign(logits.data<float>(), logits.data<float>() + logits.size());
      if (shard.samples()) token = sample(logits);
    }
    last_hidden_.reset();
    return agree(token);
  });
}

void Generator::decode(int most, Agreed agreed, const OnToken& on_token) {
  const auto& eos = request_.eos_token_ids;
  while (true) {
    if (agreed.cancelled) return observe_cancel();
    if (std::find(eos.begin(), eos.end(), agreed.token) != eos.end()) {
      result_.finish_reason = FinishReason::stop;
      break;
    }
    on_token(agreed.token, static_cast<int>(result_.tokens.size()));
    result_.tokens.push_back(agreed.token);
    history_.push_back(agreed.token);
    if (static_cast<int>(result_.tokens.size()) >= most) break;

    const int index = static_cast<int>(result_.tokens.size());
    const int32_t sampled =
        p_.loop.within(Phase::decode_stream, [&] { return decode_step(agreed.token, index, most); });
    agreed = alone() ? agree(sampled) : p_.loop.within(Phase::decode_barrier, [&] { return agree(sampled); });
  }
  p_.loop.mark_memory(Phase::decode_stream);
}

int32_t Generator::decode_step(int32_t token, int index, int most) {
  strike_if_alone(Phase::decode_stream);
  const std::optional<mx::array> logits = forward_step(p_.model, p_.group, p_.cache, {token});
  const int32_t sampled = logits ? sample(*logits) : 0;
  p_.cache.advance({token});
  if (index % kProgressEvery == 0) p_.loop.progress(Phase::decode_stream, index, most);
  if (index % kSnapshotEvery == 0) p_.loop.mark_memory(Phase::decode_stream);
  return sampled;
}

int32_t Generator::sample(const mx::array& logits) {
  if (request_.sampling.plainly_greedy()) {
    const mx::array best = mx::argmax(logits);
    p_.group.eval({best});
    return static_cast<int32_t>(best.item<uint32_t>());
  }
  mx::array row = mx::astype(logits, mx::float32);
  p_.group.eval({row});
  std::vector<float> copy(row.data<float>(), row.data<float>() + row.size());
  return sampler_.choose(copy, history_);
}

Generator::Agreed Generator::agree(int32_t token) {
  const bool cancel = p_.cancel;
  if (alone()) return {token, cancel};
  const std::vector<int32_t> sums = p_.group.sum({p_.model.shard().samples() ? token : 0, cancel ? 1 : 0});
  return {sums[0], sums[1] > 0};
}

void Generator::observe_cancel() {
  p_.loop.within(Phase::cancel_observed, Snapshot::at_exit, [] {});
  result_.finish_reason = FinishReason::cancelled;
}

void Generator::strike_if_alone(Phase phase) {
  if (alone()) p_.faults.strike(phase);
}

}  // namespace rankscope
