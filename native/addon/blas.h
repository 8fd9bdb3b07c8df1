// Whose BLAS MLX multiplies with.
#pragma once

namespace rankscope {

const char* blas_name();  // "openblas" where the addon shadows MLX's, "own" where MLX uses what it came with

}  // namespace rankscope
