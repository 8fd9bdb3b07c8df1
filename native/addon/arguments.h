// Reads what JavaScript hands in. Every complaint is one sentence that names the function and the field.
#pragma once
#include <napi.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace rankscope {

// The fields of one options object.
class Fields {
 public:
  Fields(const char* function, Napi::Value object);

  Napi::Value any(const char* field) const;
  std::string text(const char* field) const;
  bool flag(const char* field) const;
  double real(const char* field, double least, double most) const;
  int64_t integer(const char* field, int64_t least, int64_t most) const;
  std::optional<int64_t> integer_or_null(const char* field, int64_t least, int64_t most) const;
  std::vector<std::string> texts(const char* field) const;
  std::vector<int32_t> int32s(const char* field) const;
  // The index of the field's value among `choices`.
  int choice(const char* field, const std::vector<std::string>& choices) const;

  [[noreturn]] void refuse(const char* field, const std::string& wanted, const Napi::Value& given) const;

 private:
  const char* function_;
  Napi::Object object_;
};

// Positional arguments: `name` is what the declaration calls the argument.
class Positional {
 public:
  Positional(const char* function, const Napi::CallbackInfo& info) : function_(function), info_(info) {}

  Napi::Value any(size_t index) const { return info_[index]; }
  int64_t integer(size_t index, const char* name, int64_t least, int64_t most) const;
  std::string text(size_t index, const char* name) const;
  Napi::Function function(size_t index, const char* name) const;
  std::vector<uint8_t> bytes(size_t index, const char* name) const;

 private:
  [[noreturn]] void refuse(size_t index, const char* name, const std::string& wanted) const;

  const char* function_;
  const Napi::CallbackInfo& info_;
};

}  // namespace rankscope
