// config.json of a Llama, parsed and checked.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rankscope {

struct ModelConfig {
  std::string architecture;
  int layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0, feed_forward = 0, vocab = 0, context = 0;
  float norm_eps = 1e-5f, rope_theta = 10000.f;
  bool rope_traditional = false;
  std::optional<bool> tied_embeddings;  // where config.json is silent, the presence of lm_head.weight decides
  std::vector<int> eos_token_ids;
};

// Throws EngineError(model_invalid) with a sentence that names the file, the field and what would mend it.
ModelConfig parse_model_config(const std::filesystem::path& dir);

// The whole file; throws EngineError(model_invalid) that names it.
std::string read_model_file(const std::filesystem::path& file);

}  // namespace rankscope
