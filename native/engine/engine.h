// One rank's engine: the group, the model, the cache, the thread that works and the thread that watches. Knows no Node.
#pragma once
#include <filesystem>

#include "engine_error.h"
#include "generator.h"
#include "job_thread.h"
#include "ring_sockets.h"
#include "rules.h"
#include "watchdog.h"

namespace rankscope {

struct EngineOptions {
  int rank = 0, world = 1;
  std::vector<std::string> hosts;  // empty for a single rank
  bool inject_allowed = false;
  uint64_t connect_ms = 0, collective_ms = 0;
  int exit_on_collective_deadline = 1, exit_on_connect_deadline = 1;
};

struct LoadRequest {
  std::filesystem::path dir;
  Plan plan = Plan::single;
  int max_context = 0;  // 0: the model's own
};

struct LoadedModel {
  ModelConfig config;
  Shard shard;
  int context = 0;
  size_t weight_bytes = 0;
};

class Engine {
 public:
  Engine(EngineOptions options, std::shared_ptr<Recorder> recorder);

  // Runs `job` on the engine thread. One call at a time: throws EngineError(busy), (closed), or what broke the group.
  void submit(const char* call, std::function<void()> job);
  // To be called by a job just before its result is delivered: the next call may come.
  void done();

  // On the engine thread, inside `submit`. Each throws EngineError.
  void join_group();
  LoadedModel load(const LoadRequest& request, const std::function<void(int done, int total)>& on_layer);
  void warmup();
  std::vector<std::vector<uint8_t>> gather(Phase phase, const std::vector<uint8_t>& mine);
  GenerateResult generate(const GenerateRequest& request, const OnToken& on_token);
  void drop_caches();
  void shut();

  // Any thread, any time.
  void cancel() { cancel_ = true; }
  void allow() { cancel_ = false; }  // when a generate is asked for: a cancel from before does not concern it
  void abort(const std::string& reason);
  void inject(const Fault& fault);
  void release_fault() { faults_.release(); }
  std::vector<LinkState> links() const { return sockets_.links(); }
  int rank() const { return options_.rank; }
  int world() const { return options_.world; }

 private:
  template <class Work>
  std::invoke_result_t<Work> guarded(Work&& work);
  // Gives an error its class, and after one out of a collective refuses every later call.
  EngineError judge(const std::exception& error);
  EngineError name_error(const std::exception& error) const;
  void break_group(const std::string& reason);
  void end_process(const OpenCollective& open);
  void limit_waits(uint64_t ms);
  void need_group() const;
  void need_model() const;
  void agree_on_load(const std::exception_ptr& failure);
  void check_request(const GenerateRequest& request) const;

  const EngineOptions options_;
  const Rules rules_ = rules();
  const std::shared_ptr<Recorder> recorder_;
  const RingSockets sockets_;
  CollectiveLog log_;
  Faults faults_;
  RankGroup group_;
  TaskLoop loop_;
  std::atomic<bool> cancel_{false};

  bool joined_ = false;  // these four: engine thread
  int context_ = 0;
  std::optional<Llama> model_;
  std::optional<KvCache> cache_;

  mutable std::mutex mutex_;  // of what follows
  const char* running_ = nullptr;
  bool closed_ = false;
  std::optional<EngineError> broken_;
  std::optional<ErrorCode> given_up_;  // by the watchdog or by abort, before the engine thread knows
  std::string given_up_reason_;

  std::optional<Watchdog> watchdog_;
  JobThread thread_;
};

}  // namespace rankscope
