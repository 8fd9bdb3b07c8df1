// Phases as the engine thread passes through them: an entry when one begins, an entry when it ends, and now-cell 0 in
// between. The phase of every collective comes from here.
#pragma once
#include <exception>
#include <type_traits>
#include <utility>

#include "../recorder/collective_log.h"

namespace rankscope {

enum class Snapshot { none, at_enter, at_exit };  // of MLX's memory

class TaskLoop {
 public:
  TaskLoop(Recorder& recorder, CollectiveLog& log) : recorder_(recorder), log_(log) {}

  // Runs `work` inside a phase. Phases do not nest: a rank is in one phase at a time.
  template <class Work>
  std::invoke_result_t<Work> within(Phase phase, Work&& work) {
    return within(phase, Snapshot::none, std::forward<Work>(work));
  }

  template <class Work>
  std::invoke_result_t<Work> within(Phase phase, Snapshot snapshot, Work&& work) {
    enter(phase, snapshot);
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
        work();
        leave(phase, snapshot);
      } else {
        auto result = work();
        leave(phase, snapshot);
        return result;
      }
    } catch (const std::exception& e) {
      leave_with_error(phase, e.what());
      throw;
    }
  }

  // Within a phase of the caller's own: collectives carry it, nothing else is recorded.
  template <class Work>
  std::invoke_result_t<Work> labelled(Phase phase, Work&& work) {
    log_.phase(phase);
    return work();
  }

  void progress(Phase phase, uint64_t done, uint64_t total);
  void mark(Phase phase, Event event, uint64_t a, uint64_t b);
  void mark_memory(Phase phase);

 private:
  void enter(Phase phase, Snapshot snapshot);
  void leave(Phase phase, Snapshot snapshot);
  void leave_with_error(Phase phase, const char* what);

  Recorder& recorder_;
  CollectiveLog& log_;
};

}  // namespace rankscope
