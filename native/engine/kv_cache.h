// Keys and values of one sequence, kept between requests so that a shared beginning need not be computed again.
#pragma once
#include <cstdint>
#include <vector>

#include <mlx/array.h>

namespace rankscope {

class KvCache {
 public:
  KvCache(int layers, int kv_heads, int head_dim, mlx::core::Dtype dtype);

  // Appends the keys and values of this step to one layer and returns all of them. [1, heads, tokens, dim]. The layers
  // of one step share an offset, which `advance` moves.
  std::pair<mlx::core::array, mlx::core::array> append(int layer, const mlx::core::array& keys,
                                                       const mlx::core::array& values);
  // The tokens whose keys and values were just appended.
  void advance(const std::vector<int32_t>& tokens);
  // Keeps the longest beginning that `prompt` shares, but one token less than the prompt: the last must be computed
  // to have its logits. Returns how many tokens stay.
  int reuse(const std::vector<int32_t>& prompt);
  void clear();

  int offset() const { return static_cast<int>(tokens_.size()); }
  // What an eval must compute for the cache to be whole.
  std::vector<mlx::core::array> arrays() const;

 private:
  struct Layer {
    mlx::core::array keys, values;
  };
  void grow(Layer& layer, int needed);

  int kv_heads_, head_dim_;
  mlx::core::Dtype dtype_;
  std::vector<Layer> layers_;
  std::vector<int32_t> tokens_;
};

}  // namespace rankscope
