#include "mlx_memory.h"

#include <mlx/memory.h>

#include "rules.h"

namespace rankscope {

MemoryBytes read_mlx_memory() {
  MemoryBytes memory;
  memory.active = mlx::core::get_active_memory();
  memory.cache = mlx::core::get_cache_memory();
  memory.peak = mlx::core::get_peak_memory();
  // MLX can set a wired limit and has no getter; this engine never sets one.
  static const auto ask_wired_limit = rules().ask_wired_limit;
  memory.wired_limit = ask_wired_limit ? ask_wired_limit() : kNone;
  return memory;
}

}  // namespace rankscope
