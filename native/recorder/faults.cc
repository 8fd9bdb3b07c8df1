#include "faults.h"

#include <chrono>

namespace rankscope {
namespace {

const char* name_of(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::hang: return "hang";
    case Fault::Kind::delay: return "delay";
    case Fault::Kind::error: return "error";
  }
  return "unknown";
}

}  // namespace

void Faults::arm(const Fault& fault) {
  {
    std::lock_guard lock(mutex_);
    fault_ = fault;
    generation_ += 1;
    announced_ = false;
    armed_ = true;
  }
  released_.notify_all();
}

void Faults::release() {
  bool struck = false;
  Fault fault;
  {
    std::lock_guard lock(mutex_);
    struck = announced_;
    fault = fault_;
    generation_ += 1;
    announced_ = false;
    armed_ = false;
  }
  released_.notify_all();
  if (struck) record(Event::fault_released, fault, fault.phase);
}

void Faults::strike(Phase phase) {
  if (!armed_) return;
  std::unique_lock lock(mutex_);
  if (!armed_ || (fault_.phase != Phase::none && fault_.phase != phase)) return;
  if (fault_.after > 0) {
    fault_.after -= 1;
    return;
  }
  const Fault fault = fault_;
  const uint64_t mine = generation_;
  if (!announced_) record(Event::fault_injected, fault, phase);
  announced_ = true;
  const auto was_released = [&] { return generation_ != mine; };
  switch (fault.kind) {
    case Fault::Kind::hang:
      released_.wait(lock, was_released);
      return;
    case Fault::Kind::delay:
      released_.wait_for(lock, std::chrono::milliseconds(fault.delay_ms), was_released);
      return;
    case Fault::Kind::error:
      armed_ = false;
      throw InjectedFault("A fault was injected here: this rank was told to fail before its next collective.");
  }
}

void Faults::record(Event event, const Fault& fault, Phase phase) noexcept {
  Entry entry;
  entry.phase = phase;
  entry.kind = Kind::mark;
  entry.event = event;
  entry.flags = flag::rare;
  entry.cell = cell::engine;
  entry.a = static_cast<uint64_t>(fault.kind);
  entry.b = fault.delay_ms;
  entry.text = name_of(fault.kind);
  recorder_.record(entry);
}

}  // namespace rankscope
