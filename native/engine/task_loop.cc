#include "task_loop.h"

#include "mlx_memory.h"

namespace rankscope {

void TaskLoop::enter(Phase phase, Snapshot snapshot) {
  log_.phase(phase);
  const MemoryBytes memory = snapshot == Snapshot::at_enter ? read_mlx_memory() : MemoryBytes{};
  const uint64_t now = monotonic_ns();
  Entry entry;
  entry.phase = phase;
  entry.kind = Kind::enter;
  entry.event = Event::enter;
  entry.t_mono = now;
  entry.memory = snapshot == Snapshot::at_enter ? &memory : nullptr;
  recorder_.record(entry);
  NowState state;
  state.phase = phase;
  state.entered_at = now;
  recorder_.now(cell::task_loop, state);
  recorder_.loop_beat();
}

void TaskLoop::leave(Phase phase, Snapshot snapshot) {
  const MemoryBytes memory = snapshot == Snapshot::at_exit ? read_mlx_memory() : MemoryBytes{};
  recorder_.now(cell::task_loop, NowState{});
  Entry entry;
  entry.phase = phase;
  entry.kind = Kind::exit;
  entry.event = Event::exit;
  entry.memory = snapshot == Snapshot::at_exit ? &memory : nullptr;
  recorder_.record(entry);
}

void TaskLoop::leave_with_error(Phase phase, const char* what) {
  recorder_.now(cell::task_loop, NowState{});
  Entry entry;
  entry.phase = phase;
  entry.kind = Kind::exit;
  entry.event = Event::exception;
  entry.flags = flag::rare;
  entry.text = what;
  recorder_.record(entry);
}

void TaskLoop::progress(Phase phase, uint64_t done, uint64_t total) { mark(phase, Event::progress, done, total); }

void TaskLoop::mark(Phase phase, Event event, uint64_t a, uint64_t b) {
  Entry entry;
  entry.phase = phase;
  entry.event = event;
  entry.a = a;
  entry.b = b;
  recorder_.record(entry);
}

void TaskLoop::mark_memory(Phase phase) {
  const MemoryBytes memory = read_mlx_memory();
  Entry entry;
  entry.phase = phase;
  entry.event = Event::memory;
  entry.memory = &memory;
  recorder_.record(entry);
}

}  // namespace rankscope
