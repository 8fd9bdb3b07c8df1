// What the rings show of collectives: two slots each, and the now-cell of the one that is open. Knows no MLX.
#pragma once
#include <atomic>
#include <deque>
#include <optional>

#include "recorder.h"

namespace rankscope {

struct Collective {
  Op op = Op::none;
  ElementType dtype = ElementType::none;
  uint16_t group = 0;
  int16_t layer = -1;
  int32_t peer = -1;  // send and recv only
  uint64_t ordinal = kNone;
  uint64_t bytes = 0;
  uint64_t eval = 0;
};

struct OpenCollective {
  Op op;
  uint64_t ordinal;
  int16_t layer;
  uint64_t deadline;  // monotonic ns
};

const char* name_of(Op op);

class CollectiveLog {
 public:
  explicit CollectiveLog(Recorder& recorder) : recorder_(recorder) {}

  // The phase of the task loop: collectives that run now belong to it. Engine thread.
  void phase(Phase phase) { phase_.store(phase, std::memory_order_relaxed); }
  Phase phase() const { return phase_.load(std::memory_order_relaxed); }
  // How long a collective entered from now on may stay open; 0: for ever.
  void limit(uint64_t ns) { limit_ns_ = ns; }

  // A whole step is one lazy graph, built before any of it runs. Whoever builds it says which layer each collective
  // belongs to, in order; they depend on each other, so they are handed over in the same order. Engine thread.
  void expect_layer(int16_t layer) { layers_.push_back(layer); }
  int16_t next_layer();
  void begin_eval() { counted_ = false; }
  // Forgets the layers of collectives that the graph held and nobody needed.
  void end_eval() { layers_.clear(); }
  // The number of the eval that runs, for one of its collectives. Evals without any are not counted: the rank that
  // samples has more of them, and equal collectives should have equal numbers on all ranks.
  uint64_t eval();

  // On the thread that runs the collective, when it gets there.
  void enter(const Collective& collective) noexcept;
  void leave(const Collective& collective) noexcept;
  void fail(const Collective& collective, std::string_view reason) noexcept;
  // It failed, and its exit was recorded as a good one before that was known: a mark says so.
  void failed_unseen(const Collective& collective, std::string_view reason) noexcept;
  // For waits that are not on a stream (connecting): the now-cell alone.
  void open(Op op) noexcept;
  void close() noexcept;

  // Any thread: what is open, if it has a deadline.
  std::optional<OpenCollective> opened() const noexcept;

 private:
  void record(const Collective& collective, Kind kind, Event event, std::string_view text) noexcept;
  void show(const Collective& collective) noexcept;

  Recorder& recorder_;
  std::atomic<Phase> phase_{Phase::none};
  std::atomic<uint64_t> limit_ns_{0};
  std::deque<int16_t> layers_;
  uint64_t eval_ = 0;
  bool counted_ = false;
  // Read one by one by the watchdog; a mixture of two collectives can only be read while one has just ended, which
  // means that neither is stuck.
  std::atomic<uint64_t> deadline_{0};
  std::atomic<uint64_t> ordinal_{kNone};
  std::atomic<Op> op_{Op::none};
  std::atomic<int16_t> layer_{-1};
};

}  // namespace rankscope
