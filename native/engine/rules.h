// Rules that an experiment taught and that a test switches off to show what happens without them. rules.cc keeps them
// all; rules_switchable.cc, which only the test variant of the addon links, reads RANKSCOPE_NATIVE_TEST_*.
#pragma once
#include "../recorder/group_decorator.h"
#include "job_thread.h"
#include "shard_plan.h"

namespace rankscope {

struct Rules {
  Window window = Window::one;
  ExitTask exit_task = ExitTask::asks;
  bool eval_blames_group = true;
  Threads threads = Threads::one;
  UnevenPlans uneven_plans = UnevenPlans::refused;
  bool engine_touches_mlx_first = true;
  bool one_strike = true;
  bool compiles_nothing = true;
  bool watches_deadlines = true;
  bool deadline_ends_process = true;
  bool abort_shuts_sockets = true;
  bool abort_releases_faults = true;
  bool caches_wait_for_their_turn = true;
  bool neighbours_only = true;

  // Null in rules.cc, so that the addon which people run does not even link what these would call.
  using Function = std::function<std::vector<mlx::core::array>(const std::vector<mlx::core::array>&)>;
  Function (*compile)(Function) = nullptr;
  uint64_t (*ask_wired_limit)() = nullptr;
};

Rules rules();

}  // namespace rankscope
