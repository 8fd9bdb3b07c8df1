// Rules that an experiment taught and that a test switches off to show what happens without them. rules.cc keeps them
// all; rules_switchable.cc, which only the test variant of the addon links, reads RANKSCOPE_NATIVE_TEST_*.
#pragma once
#include "../recorder/group_decorator.h"

namespace rankscope {

struct Rules {
  Window window = Window::one;
  bool engine_touches_mlx_first = true;
  bool one_strike = true;
  bool compiles_nothing = true;
  bool watches_deadlines = true;
  bool abort_releases_faults = true;
};

Rules rules();

}  // namespace rankscope
