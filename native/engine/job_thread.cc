#include "job_thread.h"

#include <memory>
#include <utility>

namespace rankscope {

JobThread::JobThread(std::function<void()> first, Threads threads)
    : thread_(run, shared_, std::move(first), threads) {}

JobThread::~JobThread() {
  finish();
  thread_.detach();
}

void JobThread::post(std::function<void()> job) {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->job = std::move(job);
  }
  shared_->changed.notify_one();
}

void JobThread::finish() {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->finished = true;
  }
  shared_->changed.notify_one();
}

void JobThread::run(std::shared_ptr<Shared> shared, std::function<void()> first, Threads threads) {
  first();
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(shared->mutex);
      shared->changed.wait(lock, [&] { return shared->job || shared->finished; });
      if (!shared->job) return;
      job = std::exchange(shared->job, nullptr);
    }
    if (threads == Threads::one) job();
    else std::thread(std::move(job)).join();
  }
}

}  // namespace rankscope
