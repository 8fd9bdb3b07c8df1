#include "kv_cache.h"

#include <algorithm>

#include <mlx/ops.h>

namespace rankscope {

namespace mx = mlx::core;

namespace {

constexpr int kStep = 256;  // tokens; growing copies, so it is done seldom

}  // namespace

KvCache::KvCache(int layers, int kv_heads, int head_dim, mx::Dtype dtype)
    : kv_heads_(kv_heads), head_dim_(head_dim), dtype_(dtype) {
  const Layer empty{mx::zeros({1, kv_heads, 0, head_dim}, dtype), mx::zeros({1, kv_heads, 0, head_dim}, dtype)};
  layers_.assign(layers, empty);
}

std::pair<mx::array, mx::array> KvCache::append(int index, const mx::array& keys, const mx::array& values) {
  Layer& layer = layers_[index];
  const int from = offset(), to = from + keys.shape(2);
  grow(layer, to);
  const mx::Shape start{0, 0, from, 0}, stop{1, kv_heads_, to, head_dim_};
  // The old arrays are given up here, so that by the time of the eval MLX is their only owner and writes in place.
  layer.keys = mx::slice_update(layer.keys, keys, start, stop);
  layer.values = mx::slice_update(layer.values, values, start, stop);
  return {mx::slice(layer.keys, {0, 0, 0, 0}, stop), mx::slice(layer.values, {0, 0, 0, 0}, stop)};
}

void KvCache::grow(Layer& layer, int needed) {
  const int have = layer.keys.shape(2);
  if (needed <= have) return;
  const int more = (needed - have + kStep - 1) / kStep * kStep;
  const mx::array room = mx::zeros({1, kv_heads_, more, head_dim_}, dtype_);
  layer.keys = mx::concatenate({layer.keys, room}, 2);
  layer.values = mx::concatenate({layer.values, room}, 2);
}

void KvCache::advance(const std::vector<int32_t>& tokens) { tokens_.insert(tokens_.end(), tokens.begin(), tokens.end()); }

int KvCache::reuse(const std::vector<int32_t>& prompt) {
  const auto [mine, theirs] = std::mismatch(tokens_.begin(), tokens_.end(), prompt.begin(), prompt.end());
  const auto shared = std::min<size_t>(mine - tokens_.begin(), prompt.size() - 1);
  tokens_.resize(shared);
  return offset();
}

void KvCache::clear() {
  tokens_.clear();
  const mx::array none = mx::zeros({1, kv_heads_, 0, head_dim_}, dtype_);
  for (Layer& layer : layers_) layer = {none, none};
}

std::vector<mx::array> KvCache::arrays() const {
  std::vector<mx::array> all;
  for (const Layer& layer : layers_) all.insert(all.end(), {layer.keys, layer.values});
  return all;
}

}  // namespace rankscope
