// A thread of its own that beats, shows memory, and notices a wait that lasts too long. It calls nothing of MLX but the
// memory getters: those answer while the engine is stuck.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "../recorder/collective_log.h"

namespace rankscope {

class Watchdog {
 public:
  // `on_deadline` runs once, on this thread, when the open collective has passed its deadline; nothing is watched after.
  Watchdog(Recorder& recorder, const CollectiveLog& log, std::function<void(const OpenCollective&)> on_deadline);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void run();

  Recorder& recorder_;
  const CollectiveLog& log_;
  const std::function<void(const OpenCollective&)> on_deadline_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace rankscope
