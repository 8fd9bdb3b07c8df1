#include "shard_plan.h"

#include "engine_error.h"

namespace rankscope {
namespace {

// The largest number of ranks, at most `world`, or the next above it, over which the matrices can be cut.
int nearest_that_divides(const ModelConfig& config, int world) {
  for (int n = world + 1; n <= config.kv_heads; ++n)
    if (config.heads % n == 0 && config.kv_heads % n == 0 && config.feed_forward % n == 0) return n;
  for (int n = world - 1; n > 1; --n)
    if (config.heads % n == 0 && config.kv_heads % n == 0 && config.feed_forward % n == 0) return n;
  return 0;
}

void refuse_uneven_tensor(const ModelConfig& config, int world) {
  const std::string over = "tensor plan over " + std::to_string(world) + " ranks needs ";
  const int other = nearest_that_divides(config, world);
  const std::string fix = other ? "; use pipeline, or " + std::to_string(other) + " ranks" : "; use pipeline";
  if (config.heads % world != 0 || config.kv_heads % world != 0)
    throw EngineError(ErrorCode::tensor_plan_refused,
                      over + "attention heads and kv heads divisible by " + std::to_string(world) + "; this model has " +
                          std::to_string(config.heads) + " and " + std::to_string(config.kv_heads) + fix);
  if (config.feed_forward % world != 0)
    throw EngineError(ErrorCode::tensor_plan_refused,
                      over + "an intermediate_size divisible by " + std::to_string(world) + "; this model has " +
                          std::to_string(config.feed_forward) + fix);
}

}  // namespace

Shard plan_shard(const ModelConfig& config, Plan plan, int rank, int world, UnevenPlans uneven) {
  Shard shard{plan, rank, world, 0, config.layers, 0, 1};
  switch (plan) {
    case Plan::single:
      if (world != 1)
        throw EngineError(ErrorCode::plan_refused, "plan \"single\" is for one rank, this group has " +
                                                       std::to_string(world) + "; use pipeline or tensor");
      return shard;
    case Plan::tensor:
      if (uneven == UnevenPlans::refused) refuse_uneven_tensor(config, world);
      shard.slice = rank;
      shard.slices = world;
      return shard;
    case Plan::pipeline: {
      if (world > config.layers)
        throw EngineError(ErrorCode::plan_refused,
                          "pipeline plan over " + std::to_string(world) + " ranks needs a layer for each; this model has " +
                              std::to_string(config.layers) + " layers; use at most that many ranks");
      // Ranges differ by one layer at most. The first ranks get the longer ones: the last rank also holds the head.
      const int each = config.layers / world, longer = config.layers % world;
      shard.first_layer = rank * each + std::min(rank, longer);
      shard.end_layer = shard.first_layer + each + (rank < longer ? 1 : 0);
      return shard;
    }
  }
  return shard;
}

}  // namespace rankscope
