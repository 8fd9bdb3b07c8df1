// The engine's own thread: it runs one job at a time. Streams of MLX belong to the thread that made them, so all of
// MLX's work is done on this one; a thread of libuv's pool would be another one every time.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace rankscope {

enum class Threads : uint8_t {
  one,
  // Another one for every job. For the test that shows why not.
  fresh,
};

class JobThread {
 public:
  // `first` runs before any job.
  explicit JobThread(std::function<void()> first, Threads threads = Threads::one);
  // A thread that is stuck in MLX cannot be joined: it is left to the end of the process.
  ~JobThread();
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  void post(std::function<void()> job);
  // The thread ends after the job that runs now.
  void finish();

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::function<void()> job;
    bool finished = false;
  };
  static void run(std::shared_ptr<Shared> shared, std::function<void()> first, Threads threads);

  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::thread thread_;
};

}  // namespace rankscope
