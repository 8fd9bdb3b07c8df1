// Faults that strike a rank just before it enters a collective: what a late, slow or broken rank looks like.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "recorder.h"

namespace rankscope {

struct InjectedFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Fault {
  enum class Kind : uint8_t { hang = 1, delay = 2, error = 3 };
  Kind kind = Kind::hang;
  Phase phase = Phase::none;  // none: any
  uint64_t after = 0;         // matching collectives that pass first
  uint64_t delay_ms = 0;
};

// Armed from any thread, strikes on the thread that hands collectives over. It strikes before *enter* is recorded, so
// that a hung rank shows what a rank shows that never arrived: the exit of the collective before, and nothing open.
class Faults {
 public:
  explicit Faults(Recorder& recorder) : recorder_(recorder) {}

  void arm(const Fault& fault);
  // Ends a hang and a delay, and disarms what has not struck yet. Abort and close call it too: shutdown(2) wakes a
  // socket, never a sleeper of ours.
  void release();
  // Returns at once while nothing matches; sleeps, or throws InjectedFault, where something does.
  void strike(Phase phase);

 private:
  void record(Event event, const Fault& fault, Phase phase) noexcept;

  Recorder& recorder_;
  std::atomic<bool> armed_{false};
  std::mutex mutex_;
  std::condition_variable released_;
  Fault fault_;
  uint64_t generation_ = 0;  // of arm and release; a sleeper leaves when it changes
  bool announced_ = false;   // a delay strikes often and is recorded once
};

}  // namespace rankscope
