// One step through every rank's layers, whatever the plan: receive, compute, send. No phases, so that warm-up and
// decoding share it.
#pragma once
#include <optional>

#include "llama.h"

namespace rankscope {

// The hidden states this rank's layers begin with: from its left neighbour, or from the embedding.
mlx::core::array hidden_before(const Llama& model, RankGroup& group, const std::vector<int32_t>& tokens);

// Evaluates the step on ranks that have no logits, or are not asked for them; else returns the lazy logits [vocab].
std::optional<mlx::core::array> forward_step(const Llama& model, RankGroup& group, KvCache& cache,
                                             const std::vector<int32_t>& tokens);

}  // namespace rankscope
