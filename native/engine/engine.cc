#include "engine.h"

#include <csignal>
#include <cstdlib>
#include <thread>

#include <unistd.h>

#include <mlx/memory.h>
#include <mlx/transforms.h>

namespace rankscope {

namespace mx = mlx::core;

namespace {

constexpr std::chrono::seconds kGrace{1};  // for JavaScript to say why, before the process is ended without it
constexpr uint64_t kNsPerMs = 1'000'000;
constexpr int kWarmupTokens = 16;

// Before MLX reads them.
void prepare_process(const Rules& rules) {
  std::signal(SIGPIPE, SIG_IGN);  // a dead peer is an error, not a signal
  if (rules.compiles_nothing) setenv("MLX_DISABLE_COMPILE", "1", 0);  // on the CPU MLX would run a compiler
  if (!rules.engine_touches_mlx_first) mx::synchronize(mx::default_stream(mx::default_device()));
}

Entry rare_mark(Phase phase, Event event) {
  Entry entry;
  entry.phase = phase;
  entry.event = event;
  entry.flags = flag::rare;
  entry.cell = cell::engine;
  return entry;
}

}  // namespace

Engine::Engine(EngineOptions options, std::shared_ptr<Recorder> recorder)
    : options_((prepare_process(rules()), std::move(options))),
      recorder_(std::move(recorder)),
      sockets_(options_.rank, options_.hosts),
      log_(*recorder_),
      faults_(*recorder_),
      group_(log_, faults_, rules_),
      loop_(*recorder_, log_),
      // The first thread to touch MLX's scheduler; another one first, and a survivor of a dead peer may hang.
      thread_([] { mx::synchronize(mx::default_stream(mx::default_device())); }, rules_.threads) {
  watchdog_.emplace(*recorder_, log_, [this](const OpenCollective& open) { end_process(open); });
}

void Engine::submit(const char* call, std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) throw EngineError(ErrorCode::closed, "The engine is closed; start a new process for another one.");
    if (broken_ && rules_.one_strike) throw *broken_;
    if (running_)
      throw EngineError(ErrorCode::busy, std::string(call) + " was called while " + running_ + " runs; await it first.");
    running_ = call;
  }
  thread_.post(std::move(job));
}

void Engine::done() {
  std::lock_guard lock(mutex_);
  running_ = nullptr;
}

template <class Work>
std::invoke_result_t<Work> Engine::guarded(Work&& work) {
  try {
    return work();
  } catch (const std::exception& e) {
    throw judge(e);
  }
}

EngineError Engine::judge(const std::exception& error) {
  if (options_.world == 1 && cache_) cache_->clear();  // a step may have been left half done
  const EngineError judged = name_error(error);
  const auto* expected = dynamic_cast<const EngineError*>(&error);
  const bool harmless = expected && expected->code != ErrorCode::connect_failed && judged.code == expected->code;
  if (harmless || options_.world == 1) return judged;
  {
    std::lock_guard lock(mutex_);
    broken_ = judged;
  }
  // The peers wait in a collective that this rank has left: closed sockets tell them at once, and their neighbours next,
  // so that all hear of a death and not only those who sat beside it.
  sockets_.shut_down();
  return judged;
}

EngineError Engine::name_error(const std::exception& error) const {
  std::lock_guard lock(mutex_);
  if (given_up_) return {*given_up_, given_up_reason_ + " (" + error.what() + ")"};
  const GroupDecorator* decorator = group_.decorator();
  if (decorator && decorator->poisoned()) return {ErrorCode::peer_lost, "A peer was lost: " + decorator->reason()};
  if (const auto* known = dynamic_cast<const EngineError*>(&error)) return *known;
  const bool injected = dynamic_cast<const InjectedFault*>(&error) != nullptr;
  return {injected ? ErrorCode::injected : ErrorCode::internal, error.what()};
}

void Engine::join_group() {
  if (joined_) throw EngineError(ErrorCode::not_ready, "joinGroup was called twice; a process joins one group.");
  limit_waits(options_.connect_ms);
  guarded([&] {
    loop_.within(Phase::connect_group, [&] {
      if (options_.world == 1) return;
      log_.open(Op::init);
      try {
        group_.join(options_.rank, options_.hosts, recorder_->path() + ".hosts.json");
      } catch (const std::exception& e) {
        log_.close();
        throw EngineError(ErrorCode::connect_failed, std::string("The ranks could not be connected: ") + e.what());
      }
      log_.close();
    });
  });
  joined_ = true;
}

LoadedModel Engine::load(const LoadRequest& request, const std::function<void(int, int)>& on_layer) {
  need_group();
  // Ranks load at the pace of their disks and meet when the slowest is done.
  limit_waits(std::max(options_.connect_ms, options_.collective_ms));
  model_.reset();
  cache_.reset();
  return guarded([&] {
    return loop_.within(Phase::load_model, Snapshot::at_exit, [&] {
      ModelConfig config;
      Shard shard;
      std::exception_ptr failure;
      try {
        config = parse_model_config(request.dir);
        shard = plan_shard(config, request.plan, options_.rank, options_.world, rules_.uneven_plans);
        TensorFiles files(request.dir);
        Weights weights = load_weights(files, config, shard, [&](int done, int total) {
          loop_.progress(Phase::load_model, done, total);
          on_layer(done, total);
        });
        model_.emplace(config, shard, std::move(weights), group_);
      } catch (const EngineError& e) {
        // Every rank decides on the plan from the same numbers: all refuse, and none waits.
        if (e.code != ErrorCode::model_invalid) throw;
        failure = std::current_exception();
      } catch (const std::exception& e) {
        failure = std::make_exception_ptr(EngineError(ErrorCode::model_invalid, request.dir.string() + ": " + e.what()));
      }
      agree_on_load(failure);
      cache_.emplace(model_->make_cache());
      context_ = request.max_context > 0 ? std::min(request.max_context, config.context) : config.context;
      return LoadedModel{config, shard, context_, model_->weight_bytes()};
    });
  });
}

void Engine::agree_on_load(const std::exception_ptr& failure) {
  const int failed = options_.world == 1 ? 0 : group_.sum({failure ? 1 : 0}).front();
  if (failure) std::rethrow_exception(failure);
  if (failed == 0) return;
  model_.reset();
  throw EngineError(ErrorCode::model_invalid,
                    std::to_string(failed) + " other rank(s) could not load their share; their own errors say why");
}

void Engine::warmup() {
  need_model();
  guarded([&] {
    loop_.within(Phase::warmup, [&] {
      KvCache throw_away = model_->make_cache();
      const std::vector<int32_t> tokens(std::min(kWarmupTokens, context_ - 1), 0);
      for (const std::vector<int32_t>& step : {tokens, {0}}) {
        if (const auto logits = forward_step(*model_, group_, throw_away, step)) group_.eval({*logits});
        throw_away.advance(step);
      }
    });
  });
  limit_waits(options_.collective_ms);
}

std::vector<std::vector<uint8_t>> Engine::gather(Phase phase, const std::vector<uint8_t>& mine) {
  need_group();
  limit_waits(options_.collective_ms);
  return guarded([&] { return loop_.labelled(phase, [&] { return group_.gather(mine); }); });
}

GenerateResult Engine::generate(const GenerateRequest& request, const OnToken& on_token) {
  need_model();
  check_request(request);
  limit_waits(options_.collective_ms);
  return guarded([&] {
    return Generator({*model_, *cache_, group_, loop_, faults_, cancel_}, request).run(context_, on_token);
  });
}

void Engine::check_request(const GenerateRequest& request) const {
  const int vocab = model_->config().vocab;
  if (request.tokens.empty()) throw EngineError(ErrorCode::invalid_argument, "generate: tokens must not be empty");
  for (const int32_t token : request.tokens)
    if (token < 0 || token >= vocab)
      throw EngineError(ErrorCode::invalid_argument, "generate: tokens holds " + std::to_string(token) +
                                                         ", the vocabulary ends at " + std::to_string(vocab - 1));
  if (static_cast<int>(request.tokens.size()) >= context_)
    throw EngineError(ErrorCode::prompt_too_long, "The prompt has " + std::to_string(request.tokens.size()) +
                                                      " tokens; with a context of " + std::to_string(context_) +
                                                      " at most " + std::to_string(context_ - 1) + " leave room for one.");
}

void Engine::drop_caches() {
  guarded([&] {
    if (cache_) cache_->clear();
    mx::clear_cache();
  });
}

void Engine::shut() {
  model_.reset();
  cache_.reset();
  faults_.release();
  watchdog_.reset();
  std::lock_guard lock(mutex_);
  closed_ = true;
  thread_.finish();
}

void Engine::abort(const std::string& reason) {
  Entry entry = rare_mark(log_.phase(), Event::aborted);
  entry.text = reason;
  recorder_->record(entry);
  {
    std::lock_guard lock(mutex_);
    if (!given_up_) given_up_reason_ = "The group was given up: " + reason;
    if (!given_up_) given_up_ = ErrorCode::peer_lost;
    if (!running_) broken_.emplace(*given_up_, given_up_reason_);
  }
  break_group(reason);
}

void Engine::inject(const Fault& fault) {
  if (!options_.inject_allowed)
    throw EngineError(ErrorCode::invalid_argument, "inject: this engine was started with injectAllowed false");
  faults_.arm(fault);
}

void Engine::break_group(const std::string& reason) {
  if (GroupDecorator* decorator = group_.decorator()) decorator->poison(reason);
  if (rules_.abort_releases_faults) faults_.release();
  if (rules_.abort_shuts_sockets) sockets_.shut_down();
}

void Engine::end_process(const OpenCollective& open) {
  const bool connecting = open.op == Op::init;
  Entry entry = rare_mark(log_.phase(), Event::deadline_passed);
  entry.op = open.op;
  entry.barrier_seq = open.ordinal;
  entry.layer = open.layer;
  const std::string reason = connecting ? "The ranks were not connected within connectMs."
                                        : std::string("A collective (") + name_of(open.op) + " " +
                                              std::to_string(open.ordinal) + ") was open for longer than collectiveMs.";
  entry.text = reason;
  recorder_->record(entry);
  {
    std::lock_guard lock(mutex_);
    if (!given_up_) given_up_reason_ = reason;
    if (!given_up_) given_up_ = connecting ? ErrorCode::connect_deadline : ErrorCode::collective_deadline;
  }
  break_group(reason);
  std::this_thread::sleep_for(kGrace);
  if (!rules_.deadline_ends_process) return;
  _exit(connecting ? options_.exit_on_connect_deadline : options_.exit_on_collective_deadline);
}

void Engine::limit_waits(uint64_t ms) { log_.limit(rules_.watches_deadlines ? ms * kNsPerMs : 0); }

void Engine::need_group() const {
  if (!joined_) throw EngineError(ErrorCode::not_ready, "joinGroup must be called, and awaited, first.");
}

void Engine::need_model() const {
  need_group();
  if (!model_) throw EngineError(ErrorCode::not_ready, "load must be called, and awaited, first.");
}

}  // namespace rankscope
