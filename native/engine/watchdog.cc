#include "watchdog.h"

#include <chrono>

#include "mlx_memory.h"

namespace rankscope {
namespace {

constexpr std::chrono::milliseconds kBeat{100};
constexpr int kBeatsPerGauge = 5;  // memory gauges every 500 ms

}  // namespace

Watchdog::Watchdog(Recorder& recorder, const CollectiveLog& log, std::function<void(const OpenCollective&)> on_deadline)
    : recorder_(recorder), log_(log), on_deadline_(std::move(on_deadline)), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  for (uint64_t beat = 0; !stop_; ++beat) {
    recorder_.heartbeat();
    if (beat % kBeatsPerGauge == 0) recorder_.memory(read_mlx_memory());
    const auto open = log_.opened();
    if (open && monotonic_ns() > open->deadline) return on_deadline_(*open);
    stopped_.wait_for(lock, kBeat, [&] { return stop_; });
  }
}

}  // namespace rankscope
