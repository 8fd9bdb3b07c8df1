#include "llama.h"

#include <cmath>

#include <mlx/fast.h>
#include <mlx/ops.h>

namespace rankscope {

namespace mx = mlx::core;

namespace {

mx::array multiply_by(const mx::array& x, const mx::array& weight) { return mx::matmul(x, mx::transpose(weight)); }

// Never handed to mx::compile: on the CPU that starts a C++ compiler in the middle of a request.
std::vector<mx::array> gated(const std::vector<mx::array>& gate_and_up) {
  const mx::array& gate = gate_and_up[0];
  return {mx::multiply(mx::multiply(gate, mx::sigmoid(gate)), gate_and_up[1])};
}

}  // namespace

Llama::Llama(ModelConfig config, Shard shard, Weights weights, RankGroup& group)
    : config_(std::move(config)),
      shard_(shard),
      weights_(std::move(weights)),
      group_(group),
      heads_(config_.heads / shard.slices),
      kv_heads_(config_.kv_heads / shard.slices),
      gated_(rules().compile ? rules().compile(gated) : gated) {}

KvCache Llama::make_cache() const {
  return KvCache(shard_.end_layer - shard_.first_layer, kv_heads_, config_.head_dim, dtype());
}

mx::array Llama::embed(const std::vector<int32_t>& tokens) const {
  const mx::array ids(tokens.data(), {1, static_cast<int>(tokens.size())}, mx::int32);
  return mx::take(*weights_.embedding, ids, 0);
}

mx::array Llama::through_layers(mx::array hidden, KvCache& cache) const {
  for (int i = 0; i < static_cast<int>(weights_.layers.size()); ++i) {
    const LayerWeights& w = weights_.layers[i];
    hidden = mx::add(hidden, attention(mx::fast::rms_norm(hidden, w.attention_norm, config_.norm_eps), i, cache));
    hidden = mx::add(hidden, feed_forward(mx::fast::rms_norm(hidden, w.feed_forward_norm, config_.norm_eps), i));
  }
  return hidden;
}

mx::array Llama::attention(const mx::array& x, int layer, KvCache& cache) const {
  const LayerWeights& w = weights_.layers[layer];
  const int tokens = x.shape(1), dim = config_.head_dim;
  const mx::array all = mx::transpose(
      mx::reshape(multiply_by(x, w.qkv), {1, tokens, heads_ + 2 * kv_heads_, dim}), {0, 2, 1, 3});
  const auto heads = [&](const mx::array& a, int from, int to) {
    return mx::slice(a, {0, from, 0, 0}, {1, to, tokens, dim});
  };
  // Queries and keys turn by the same angles: one rope for both.
  const mx::array turned = mx::fast::rope(heads(all, 0, heads_ + kv_heads_), dim, config_.rope_traditional,
                                          config_.rope_theta, 1.f, cache.offset());
  const auto [keys, values] = cache.append(layer, heads(turned, heads_, heads_ + kv_heads_),
                                           heads(all, heads_ + kv_heads_, heads_ + 2 * kv_heads_));
  const mx::array mixed = mx::fast::scaled_dot_product_attention(
      heads(turned, 0, heads_), keys, values, 1.f / std::sqrt(static_cast<float>(dim)), tokens > 1 ? "causal" : "");
  const mx::array rows = mx::reshape(mx::transpose(mixed, {0, 2, 1, 3}), {1, tokens, heads_ * dim});
  return whole(multiply_by(rows, w.o), layer);
}

mx::array Llama::feed_forward(const mx::array& x, int layer) const {
  const LayerWeights& w = weights_.layers[layer];
  const mx::array both = multiply_by(x, w.gate_up);
  const int tokens = x.shape(1), wide = both.shape(2) / 2;
  const mx::array gate = mx::slice(both, {0, 0, 0}, {1, tokens, wide});
  const mx::array up = mx::slice(both, {0, 0, wide}, {1, tokens, 2 * wide});
  return whole(multiply_by(gated_({gate, up})[0], w.down), layer);
}

mx::array Llama::whole(const mx::array& part, int layer) const {
  if (shard_.slices == 1) return part;
  return group_.all_sum(part, shard_.first_layer + layer);
}

mx::array Llama::logits(const mx::array& hidden) const {
  const int tokens = hidden.shape(1);
  const mx::array last = mx::slice(hidden, {0, tokens - 1, 0}, {1, tokens, config_.hidden});
  const mx::array normed = mx::fast::rms_norm(last, *weights_.norm, config_.norm_eps);
  return mx::reshape(multiply_by(normed, *weights_.head), {config_.vocab});
}

}  // namespace rankscope
