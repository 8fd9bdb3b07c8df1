#include <cstdlib>

#include "rules.h"

namespace rankscope {
namespace {

bool kept(const char* variable) { return std::getenv(variable) == nullptr; }

}  // namespace

Rules rules() {
  Rules rules;
  rules.window = kept("RANKSCOPE_NATIVE_TEST_NO_WINDOW") ? Window::one : Window::none;
  rules.engine_touches_mlx_first = kept("RANKSCOPE_NATIVE_TEST_JS_FIRST");
  rules.one_strike = kept("RANKSCOPE_NATIVE_TEST_MANY_STRIKES");
  rules.compiles_nothing = kept("RANKSCOPE_NATIVE_TEST_COMPILE");
  rules.watches_deadlines = kept("RANKSCOPE_NATIVE_TEST_NO_DEADLINES");
  rules.abort_releases_faults = kept("RANKSCOPE_NATIVE_TEST_KEEP_FAULTS");
  return rules;
}

}  // namespace rankscope
