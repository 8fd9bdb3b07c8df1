#include <cstdlib>

#include <mlx/compile.h>
#include <mlx/memory.h>

#include "rules.h"

namespace rankscope {
namespace {

bool kept(const char* variable) { return std::getenv(variable) == nullptr; }

// As mlx-lm does with its activation functions.
Rules::Function compile(Rules::Function function) { return mlx::core::compile(std::move(function), true); }

// The nearest that MLX has to a getter: setting answers with what was set before.
uint64_t ask_wired_limit() { return mlx::core::set_wired_limit(0); }

}  // namespace

Rules rules() {
  Rules rules;
  rules.window = kept("RANKSCOPE_NATIVE_TEST_NO_WINDOW") ? Window::one : Window::none;
  rules.exit_task = kept("RANKSCOPE_NATIVE_TEST_BLIND_EXIT_TASKS") ? ExitTask::asks : ExitTask::blind;
  rules.eval_blames_group = kept("RANKSCOPE_NATIVE_TEST_NO_BLAME");
  rules.threads = kept("RANKSCOPE_NATIVE_TEST_FRESH_THREADS") ? Threads::one : Threads::fresh;
  rules.uneven_plans = kept("RANKSCOPE_NATIVE_TEST_UNEVEN_PLANS") ? UnevenPlans::refused : UnevenPlans::tried;
  rules.engine_touches_mlx_first = kept("RANKSCOPE_NATIVE_TEST_JS_FIRST");
  rules.one_strike = kept("RANKSCOPE_NATIVE_TEST_MANY_STRIKES");
  rules.compiles_nothing = kept("RANKSCOPE_NATIVE_TEST_COMPILE");
  rules.watches_deadlines = kept("RANKSCOPE_NATIVE_TEST_NO_DEADLINES");
  rules.deadline_ends_process = kept("RANKSCOPE_NATIVE_TEST_NO_EXIT");
  rules.abort_shuts_sockets = kept("RANKSCOPE_NATIVE_TEST_KEEP_SOCKETS");
  rules.abort_releases_faults = kept("RANKSCOPE_NATIVE_TEST_KEEP_FAULTS");
  rules.caches_wait_for_their_turn = kept("RANKSCOPE_NATIVE_TEST_JS_CLEARS");
  rules.neighbours_only = kept("RANKSCOPE_NATIVE_TEST_FAR_SENDS");
  rules.compile = kept("RANKSCOPE_NATIVE_TEST_CALL_COMPILE") ? nullptr : compile;
  rules.ask_wired_limit = kept("RANKSCOPE_NATIVE_TEST_ASK_WIRED_LIMIT") ? nullptr : ask_wired_limit;
  return rules;
}

}  // namespace rankscope
