// The safetensors files of a model directory: checked from their headers first, read by MLX after.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <mlx/array.h>

namespace rankscope {

// What a safetensors header says of one tensor.
struct TensorFacts {
  std::string file;
  std::string dtype;
  std::vector<int64_t> shape;
};

class TensorFiles {
 public:
  // Reads every header and compares what it promises with the file's length: a file cut short is found here and not
  // in the middle of a load. Throws EngineError(model_invalid).
  explicit TensorFiles(const std::filesystem::path& dir);

  bool has(const std::string& name) const { return facts_.contains(name); }
  // The tensor, not read from disk before it is evaluated. Throws EngineError(model_invalid) where it is missing or has
  // another shape than the configuration promises. Each may be taken once, so that what is done with is freed.
  mlx::core::array take(const std::string& name, const std::vector<int64_t>& shape);

 private:
  void read_header(const std::filesystem::path& file);
  mlx::core::array open(const TensorFacts& facts, const std::string& name);

  std::filesystem::path dir_;
  std::map<std::string, TensorFacts> facts_;
  std::unordered_map<std::string, std::unordered_map<std::string, mlx::core::array>> opened_;
};

}  // namespace rankscope
