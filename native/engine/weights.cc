#include "weights.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

namespace rankscope {

namespace mx = mlx::core;

namespace {

enum class Cut { none, rows, columns };

class Loader {
 public:
  Loader(TensorFiles& files, const ModelConfig& config, const Shard& shard)
      : files_(files), config_(config), shard_(shard), dtype_(mx::default_device() == mx::Device::cpu ? std::optional(mx::float32) : std::nullopt) {}

  mx::array vector(const std::string& name) { return cast(files_.take(name, {config_.hidden})); }

  mx::array matrix(const std::string& name, int64_t rows, int64_t columns, Cut cut) {
    mx::array whole = files_.take(name, {rows, columns});
    if (cut == Cut::none || shard_.slices == 1) return cast(whole);
    const int axis = cut == Cut::rows ? 0 : 1;
    const int length = whole.shape(axis) / shard_.slices;
    mx::Shape start(2, 0), stop = whole.shape();
    start[axis] = shard_.slice * length;
    stop[axis] = start[axis] + length;
    return cast(mx::slice(whole, start, stop));
  }

  LayerWeights layer(int number) {
    const std::string at = "model.layers." + std::to_string(number) + ".";
    const int64_t hidden = config_.hidden, wide = config_.feed_forward;
    const int64_t q_rows = int64_t{config_.heads} * config_.head_dim, kv_rows = int64_t{config_.kv_heads} * config_.head_dim;
    LayerWeights layer{
        vector(at + "input_layernorm.weight"),
        mx::concatenate({matrix(at + "self_attn.q_proj.weight", q_rows, hidden, Cut::rows),
                         matrix(at + "self_attn.k_proj.weight", kv_rows, hidden, Cut::rows),
                         matrix(at + "self_attn.v_proj.weight", kv_rows, hidden, Cut::rows)},
                        0),
        mx::contiguous(matrix(at + "self_attn.o_proj.weight", hidden, q_rows, Cut::columns)),
        vector(at + "post_attention_layernorm.weight"),
        mx::concatenate({matrix(at + "mlp.gate_proj.weight", wide, hidden, Cut::rows),
                         matrix(at + "mlp.up_proj.weight", wide, hidden, Cut::rows)},
                        0),
        mx::contiguous(matrix(at + "mlp.down_proj.weight", hidden, wide, Cut::columns)),
    };
    mx::eval(layer.attention_norm, layer.qkv, layer.o, layer.feed_forward_norm, layer.gate_up, layer.down);
    return layer;
  }

 private:
  // On the CPU f16 and bf16 products are an order slower than f32 (no BLAS for them): cast once, here.
  mx::array cast(const mx::array& a) const { return dtype_ ? mx::astype(a, *dtype_) : a; }

  TensorFiles& files_;
  const ModelConfig& config_;
  const Shard& shard_;
  const std::optional<mx::Dtype> dtype_;
};

size_t bytes_of(const LayerWeights& w) {
  return w.attention_norm.nbytes() + w.qkv.nbytes() + w.o.nbytes() + w.feed_forward_norm.nbytes() + w.gate_up.nbytes() +
         w.down.nbytes();
}

}  // namespace

Weights load_weights(TensorFiles& files, const ModelConfig& config, const Shard& shard,
                     const std::function<void(int done, int total)>& on_layer) {
  Loader loader(files, config, shard);
  Weights weights;
  const bool tied = config.tied_embeddings.value_or(!files.has("lm_head.weight"));
  if (shard.embeds() || (shard.has_head() && tied)) {
    weights.embedding = loader.matrix("model.embed_tokens.weight", config.vocab, config.hidden, Cut::none);
    mx::eval(*weights.embedding);
    weights.bytes += weights.embedding->nbytes();
  }
  const int total = shard.end_layer - shard.first_layer;
  for (int i = 0; i < total; ++i) {
    weights.layers.push_back(loader.layer(shard.first_layer + i));
    weights.bytes += bytes_of(weights.layers.back());
    on_layer(i + 1, total);
  }
  if (shard.has_head()) {
    weights.norm = loader.vector("model.norm.weight");
    weights.head = tied ? *weights.embedding : loader.matrix("lm_head.weight", config.vocab, config.hidden, Cut::none);
    mx::eval(*weights.norm, *weights.head);
    weights.bytes += weights.norm->nbytes() + (tied ? 0 : weights.head->nbytes());
  }
  return weights;
}

}  // namespace rankscope
