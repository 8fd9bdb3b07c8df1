// MLX's memory getters. They answer from any thread while the engine is stuck; other calls of MLX do not, and clear a
// stream's error on the way (clear_cache once made an eval return a wrong value).
#pragma once
#include "../recorder/recorder.h"

namespace rankscope {

MemoryBytes read_mlx_memory();

}  // namespace rankscope
