// The arithmetic of a Llama, for the layers one rank holds. Builds lazy graphs; evaluates nothing.
#pragma once
#include "kv_cache.h"
#include "rank_group.h"
#include "weights.h"

namespace rankscope {

class Llama {
 public:
  Llama(ModelConfig config, Shard shard, Weights weights, RankGroup& group);

  mlx::core::array embed(const std::vector<int32_t>& tokens) const;
  // Hidden states [1, tokens, hidden] through this rank's layers, filling the cache.
  mlx::core::array through_layers(mlx::core::array hidden, KvCache& cache) const;
  // Logits [vocab] of the last position.
  mlx::core::array logits(const mlx::core::array& hidden) const;

  KvCache make_cache() const;
  mlx::core::Dtype dtype() const { return weights_.layers.front().qkv.dtype(); }
  const ModelConfig& config() const { return config_; }
  const Shard& shard() const { return shard_; }
  size_t weight_bytes() const { return weights_.bytes; }

 private:
  mlx::core::array attention(const mlx::core::array& x, int layer, KvCache& cache) const;
  mlx::core::array feed_forward(const mlx::core::array& x, int layer) const;
  // Each rank has a part of every product; their sum is the product.
  mlx::core::array whole(const mlx::core::array& part, int layer) const;

  const ModelConfig config_;
  const Shard shard_;
  const Weights weights_;
  RankGroup& group_;
  const int heads_, kv_heads_;  // of this rank
  const Rules::Function gated_;
};

}  // namespace rankscope
