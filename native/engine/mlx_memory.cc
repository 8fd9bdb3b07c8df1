#include "mlx_memory.h"

#include <mlx/memory.h>

namespace rankscope {

MemoryBytes read_mlx_memory() {
  MemoryBytes memory;
  memory.active = mlx::core::get_active_memory();
  memory.cache = mlx::core::get_cache_memory();
  memory.peak = mlx::core::get_peak_memory();
  memory.wired_limit = kNone;  // MLX can set a wired limit and has no getter; this engine never sets one
  return memory;
}

}  // namespace rankscope
