// Which part of a model one rank holds. Pure: decided from numbers alone, the same on every rank, before the group is
// touched.
#pragma once
#include "model_config.h"

namespace rankscope {

enum class Plan { single, pipeline, tensor };

struct Shard {
  Plan plan = Plan::single;
  int rank = 0, world = 1;
  int first_layer = 0, end_layer = 0;  // [first, end)
  int slice = 0, slices = 1;           // of the rows and columns of each matrix

  bool embeds() const { return first_layer == 0; }
  bool receives() const { return plan == Plan::pipeline && rank > 0; }
  bool sends() const { return plan == Plan::pipeline && rank + 1 < world; }
  // Has the last hidden state, so that it can compute logits.
  bool has_head() const { return !sends(); }
  // The one rank that samples; the others are told.
  bool samples() const { return plan == Plan::pipeline ? rank + 1 == world : rank == 0; }
};

// A tensor plan that does not divide: MLX knows nothing of it, and dies in the middle of a layer.
enum class UnevenPlans : uint8_t {
  refused,
  // For the test that shows what MLX does.
  tried,
};

// Throws EngineError(plan_refused or tensor_plan_refused) with the reason and what would fit.
Shard plan_shard(const ModelConfig& config, Plan plan, int rank, int world, UnevenPlans uneven = UnevenPlans::refused);

}  // namespace rankscope
