#include "model_config.h"

#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>

#include "engine_error.h"
#include "json.h"

namespace rankscope {
namespace {

constexpr double kLargest = 1 << 28;  // no dimension of a model is larger; a number that is, is damage

[[noreturn]] void refuse(const std::string& sentence) { throw EngineError(ErrorCode::model_invalid, sentence); }

// The fields of one file, each asked for by name, each complaint naming file and field.
class Fields {
 public:
  Fields(std::string file, const Json& json) : file_(std::move(file)), json_(json) {}

  int integer(const char* name, std::optional<int> fallback = std::nullopt) const {
    const Json* field = json_.find(name);
    if (!field && fallback) return *fallback;
    if (!field) refuse(file_ + ": the field \"" + name + "\" is missing; copy config.json from the model's source again");
    const double* number = field->number();
    if (!number || *number < 1 || *number > kLargest || *number != std::floor(*number))
      refuse(file_ + ": the field \"" + name + "\" must be a whole number above 0");
    return static_cast<int>(*number);
  }

  float real(const char* name, float fallback) const {
    const Json* field = json_.find(name);
    if (!field) return fallback;
    const double* number = field->number();
    if (!number || !(*number > 0)) refuse(file_ + ": the field \"" + name + "\" must be a number above 0");
    return static_cast<float>(*number);
  }

  bool flag(const char* name, bool fallback) const {
    const Json* field = json_.find(name);
    if (!field) return fallback;
    if (!field->boolean()) refuse(file_ + ": the field \"" + name + "\" must be true or false");
    return *field->boolean();
  }

  std::string text(const char* name, const std::string& fallback) const {
    const Json* field = json_.find(name);
    if (!field) return fallback;
    if (!field->string()) refuse(file_ + ": the field \"" + name + "\" must be a string");
    return *field->string();
  }

  std::vector<int> token_ids(const char* name) const {
    const Json* field = json_.find(name);
    if (!field) return {};
    if (!field->array()) return {token_id(name, *field)};
    std::vector<int> ids;
    for (const Json& item : *field->array()) ids.push_back(token_id(name, item));
    return ids;
  }

 private:
  int token_id(const char* name, const Json& json) const {
    const double* number = json.number();
    if (!number || *number < 0 || *number > kLargest)
      refuse(file_ + ": the field \"" + name + "\" must be a token id or a list of them");
    return static_cast<int>(*number);
  }

  std::string file_;
  const Json& json_;
};

// What a Llama may carry that this engine does not compute. Ignoring one would give fluent nonsense.
void refuse_what_is_not_computed(const std::string& file, const Fields& fields, const Json& json) {
  if (json.find("quantization") || json.find("quantization_config"))
    refuse(file + ": the weights are quantised (\"quantization\"); this engine reads f16, bf16 and f32: take the "
                  "unquantised model, or dequantise it");
  if (fields.flag("attention_bias", false)) refuse(file + ": \"attention_bias\" is true; this engine has no biases");
  if (fields.flag("mlp_bias", false)) refuse(file + ": \"mlp_bias\" is true; this engine has no biases");
  if (const std::string act = fields.text("hidden_act", "silu"); act != "silu")
    refuse(file + ": \"hidden_act\" is \"" + act + "\"; this engine computes \"silu\"");
  const Json* scaling = json.find("rope_scaling");
  if (!scaling) return;
  const Json* type = scaling->find("rope_type") ? scaling->find("rope_type") : scaling->find("type");
  if (type && type->string() && *type->string() == "default") return;
  refuse(file + ": \"rope_scaling\" is set; this engine computes plain rotary embeddings only");
}

std::string architecture_of(const std::string& file, const Fields& fields, const Json& json) {
  const std::string type = fields.text("model_type", "");
  if (type == "llama") return "llama";
  const Json* list = json.find("architectures");
  const bool named = list && list->array() && !list->array()->empty() && list->array()->front().string();
  const std::string found = !type.empty() ? type : named ? *list->array()->front().string() : "nothing";
  if (type.empty() && found == "LlamaForCausalLM") return "llama";
  refuse(file + ": the architecture is \"" + found + "\" (field \"model_type\"); this engine knows \"llama\"");
}

}  // namespace

std::string read_model_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) refuse(file.string() + ": cannot be read; is this the directory of a model, and may this user read it?");
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

ModelConfig parse_model_config(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "config.json";
  const std::string file = path.string();
  if (!std::filesystem::is_directory(dir))
    refuse(dir.string() + ": there is no such directory; give the directory that holds config.json and the weights");
  if (!std::filesystem::exists(path))
    refuse(file + ": there is no such file; a model directory holds config.json beside model.safetensors");
  Json json;
  try {
    json = Json::parse(read_model_file(path));
  } catch (const EngineError&) {
    throw;
  } catch (const std::exception& e) {
    refuse(file + ": not valid JSON: " + e.what() + "; copy config.json from the model's source again");
  }
  if (!json.object()) refuse(file + ": must hold a JSON object");

  const Fields fields(file, json);
  ModelConfig config;
  config.architecture = architecture_of(file, fields, json);
  refuse_what_is_not_computed(file, fields, json);
  config.layers = fields.integer("num_hidden_layers");
  config.hidden = fields.integer("hidden_size");
  config.heads = fields.integer("num_attention_heads");
  config.kv_heads = fields.integer("num_key_value_heads", config.heads);
  config.head_dim = fields.integer("head_dim", std::max(1, config.hidden / config.heads));
  config.feed_forward = fields.integer("intermediate_size");
  config.vocab = fields.integer("vocab_size");
  config.context = fields.integer("max_position_embeddings", 2048);
  config.norm_eps = fields.real("rms_norm_eps", 1e-6f);
  config.rope_theta = fields.real("rope_theta", 10000.f);
  config.rope_traditional = fields.flag("rope_traditional", false);
  if (json.find("tie_word_embeddings")) config.tied_embeddings = fields.flag("tie_word_embeddings", true);
  config.eos_token_ids = fields.token_ids("eos_token_id");
  if (config.heads % config.kv_heads != 0)
    refuse(file + ": \"num_attention_heads\" (" + std::to_string(config.heads) + ") must be a multiple of "
           "\"num_key_value_heads\" (" + std::to_string(config.kv_heads) + ")");
  return config;
}

}  // namespace rankscope
