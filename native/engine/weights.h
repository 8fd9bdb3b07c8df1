// One rank's share of a Llama's weights, in the form in which they are multiplied.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include <mlx/array.h>

#include "shard_plan.h"
#include "tensor_files.h"

namespace rankscope {

// Matrices of one input are joined by rows: one multiplication instead of three, or two.
struct LayerWeights {
  mlx::core::array attention_norm, qkv, o, feed_forward_norm, gate_up, down;
};

struct Weights {
  std::optional<mlx::core::array> embedding;  // on ranks that embed, or whose head is tied
  std::vector<LayerWeights> layers;
  std::optional<mlx::core::array> norm, head;
  size_t bytes = 0;
};

// Reads, cuts, casts and evaluates layer by layer, so that no more than one layer is held twice.
Weights load_weights(TensorFiles& files, const ModelConfig& config, const Shard& shard,
                     const std::function<void(int done, int total)>& on_layer);

}  // namespace rankscope
