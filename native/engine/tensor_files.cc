#include "tensor_files.h"

#include <cstring>
#include <fstream>
#include <set>

#include <mlx/io.h>

#include "engine_error.h"
#include "json.h"
#include "model_config.h"

namespace rankscope {

namespace mx = mlx::core;

namespace {

constexpr uint64_t kLargestHeader = 100'000'000;  // the format's own limit

[[noreturn]] void refuse(const std::string& sentence) { throw EngineError(ErrorCode::model_invalid, sentence); }

std::string text_of(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t n : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(n);
  return text + "]";
}

// The files that hold the weights: those the index names, else the one file.
std::set<std::string> list_files(const std::filesystem::path& dir) {
  const std::filesystem::path index = dir / "model.safetensors.index.json";
  if (!std::filesystem::exists(index)) {
    if (!std::filesystem::exists(dir / "model.safetensors"))
      refuse(dir.string() + ": there is neither model.safetensors nor model.safetensors.index.json; fetch the weights");
    return {"model.safetensors"};
  }
  Json json;
  try {
    json = Json::parse(read_model_file(index));
  } catch (const EngineError&) {
    throw;
  } catch (const std::exception& e) {
    refuse(index.string() + ": not valid JSON: " + e.what() + "; fetch it again");
  }
  const Json* map = json.find("weight_map");
  if (!map || !map->object()) refuse(index.string() + ": the field \"weight_map\" must be an object of tensor to file");
  std::set<std::string> files;
  for (const auto& [tensor, file] : *map->object()) {
    if (!file.string() || file.string()->find('/') != std::string::npos)
      refuse(index.string() + ": the field \"weight_map\" must give a file of this directory for tensor " + tensor);
    files.insert(*file.string());
  }
  return files;
}

}  // namespace

TensorFiles::TensorFiles(const std::filesystem::path& dir) : dir_(dir) {
  for (const std::string& file : list_files(dir)) read_header(dir / file);
}

void TensorFiles::read_header(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::error_code missing;
  const uint64_t length = std::filesystem::file_size(file, missing);
  if (missing) refuse(name + ": there is no such file, but model.safetensors.index.json names it; fetch it");
  std::ifstream in(file, std::ios::binary);
  unsigned char prefix[8] = {};
  uint64_t header_bytes = 0;
  if (!in.read(reinterpret_cast<char*>(prefix), 8)) refuse(name + ": shorter than a safetensors header; fetch it again");
  for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | prefix[i];
  if (header_bytes > kLargestHeader) refuse(name + ": not a safetensors file (its header would be too long)");
  if (8 + header_bytes > length) refuse(name + ": cut short inside its header; fetch it again");
  std::string header(header_bytes, '\0');
  in.read(header.data(), static_cast<std::streamsize>(header_bytes));
  Json json;
  try {
    json = Json::parse(header);
  } catch (const std::exception& e) {
    refuse(name + ": the header is not valid JSON: " + e.what() + "; fetch it again");
  }
  if (!json.object()) refuse(name + ": the header must be a JSON object");
  uint64_t promised = 8 + header_bytes;
  for (const auto& [tensor, entry] : *json.object()) {
    if (tensor == "__metadata__") continue;
    const Json *dtype = entry.find("dtype"), *shape = entry.find("shape"), *offsets = entry.find("data_offsets");
    const bool whole = dtype && dtype->string() && shape && shape->array() && offsets && offsets->array() &&
                       offsets->array()->size() == 2 && offsets->array()->back().number();
    if (!whole) refuse(name + ": tensor " + tensor + " lacks dtype, shape or data_offsets; fetch it again");
    TensorFacts facts{file.filename().string(), *dtype->string(), {}};
    for (const Json& n : *shape->array()) facts.shape.push_back(n.number() ? static_cast<int64_t>(*n.number()) : -1);
    const auto end = 8 + header_bytes + static_cast<uint64_t>(*offsets->array()->back().number());
    promised = std::max(promised, end);
    facts_.insert_or_assign(tensor, std::move(facts));
  }
  if (promised > length)
    refuse(name + ": cut short: " + std::to_string(length) + " bytes, its header promises " + std::to_string(promised) +
           "; fetch it again");
}

mx::array TensorFiles::take(const std::string& name, const std::vector<int64_t>& shape) {
  const auto found = facts_.find(name);
  if (found == facts_.end())
    refuse(dir_.string() + ": tensor " + name + " is missing from the weights; config.json promises it");
  const TensorFacts& facts = found->second;
  const std::string file = (dir_ / facts.file).string();
  if (facts.shape != shape)
    refuse(file + ": tensor " + name + " has shape " + text_of(facts.shape) + ", config.json makes it " + text_of(shape) +
           "; the two do not belong together");
  if (facts.dtype != "F32" && facts.dtype != "F16" && facts.dtype != "BF16")
    refuse(file + ": tensor " + name + " is " + facts.dtype + "; this engine reads F32, F16 and BF16");
  return open(facts, name);
}

mx::array TensorFiles::open(const TensorFacts& facts, const std::string& name) {
  auto opened = opened_.find(facts.file);
  if (opened == opened_.end()) {
    const std::string path = (dir_ / facts.file).string();
    opened = opened_.emplace(facts.file, mx::load_safetensors(path).first).first;
  }
  const auto tensor = opened->second.find(name);
  if (tensor == opened->second.end()) refuse(facts.file + ": tensor " + name + " was taken twice");
  mx::array array = tensor->second;
  opened->second.erase(tensor);
  return array;
}

}  // namespace rankscope
