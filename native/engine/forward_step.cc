#include "forward_step.h"

namespace rankscope {

namespace mx = mlx::core;

mx::array hidden_before(const Llama& model, RankGroup& group, const std::vector<int32_t>& tokens) {
  const Shard& shard = model.shard();
  if (!shard.receives()) return model.embed(tokens);
  const mx::Shape shape{1, static_cast<int>(tokens.size()), model.config().hidden};
  return group.receive(shape, model.dtype(), shard.rank - 1, shard.first_layer);
}

std::optional<mx::array> forward_step(const Llama& model, RankGroup& group, KvCache& cache,
                                      const std::vector<int32_t>& tokens) {
  const Shard& shard = model.shard();
  const mx::array hidden = model.through_layers(hidden_before(model, group, tokens), cache);
  if (shard.samples()) return model.logits(hidden);
  group.eval({shard.sends() ? group.send(hidden, shard.rank + 1, shard.end_layer - 1) : hidden});
  return std::nullopt;
}

}  // namespace rankscope
