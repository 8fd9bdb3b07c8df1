#include "arguments.h"

#include <algorithm>
#include <cmath>

namespace rankscope {
namespace {

std::string describe(const Napi::Value& value) {
  if (value.IsUndefined()) return "missing";
  if (value.IsNull()) return "null";
  if (value.IsBoolean()) return value.As<Napi::Boolean>() ? "true" : "false";
  if (value.IsNumber()) return value.ToString().Utf8Value();
  if (value.IsString()) return "\"" + value.As<Napi::String>().Utf8Value().substr(0, 40) + "\"";
  if (value.IsFunction()) return "a function";
  if (value.IsArray()) return "an array";
  return "an object";
}

[[noreturn]] void throw_refusal(Napi::Env env, const std::string& subject, const std::string& wanted,
                                const Napi::Value& given) {
  throw Napi::TypeError::New(env, subject + " must be " + wanted + "; it is " + describe(given) + ".");
}

std::string range(int64_t least, int64_t most) {
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::optional<int64_t> whole_number(const Napi::Value& value, int64_t least, int64_t most) {
  if (!value.IsNumber()) return std::nullopt;
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most))) return std::nullopt;
  if (number != std::floor(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

}  // namespace

Fields::Fields(const char* function, Napi::Value object) : function_(function) {
  if (!object.IsObject() || object.IsFunction())
    throw_refusal(object.Env(), std::string(function) + ": options", "an object", object);
  object_ = object.As<Napi::Object>();
}

Napi::Value Fields::any(const char* field) const { return object_.Get(field); }

void Fields::refuse(const char* field, const std::string& wanted, const Napi::Value& given) const {
  throw_refusal(object_.Env(), std::string(function_) + ": " + field, wanted, given);
}

std::string Fields::text(const char* field) const {
  const Napi::Value value = any(field);
  if (!value.IsString()) refuse(field, "a string", value);
  return value.As<Napi::String>();
}

bool Fields::flag(const char* field) const {
  const Napi::Value value = any(field);
  if (!value.IsBoolean()) refuse(field, "true or false", value);
  return value.As<Napi::Boolean>();
}

double Fields::real(const char* field, double least, double most) const {
  const Napi::Value value = any(field);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= least && number <= most))
    refuse(field, "a number from " + Napi::Number::New(object_.Env(), least).ToString().Utf8Value() + " to " +
                      Napi::Number::New(object_.Env(), most).ToString().Utf8Value(), value);
  return number;
}

int64_t Fields::integer(const char* field, int64_t least, int64_t most) const {
  const Napi::Value value = any(field);
  const auto number = whole_number(value, least, most);
  if (!number) refuse(field, range(least, most), value);
  return *number;
}

std::optional<int64_t> Fields::integer_or_null(const char* field, int64_t least, int64_t most) const {
  const Napi::Value value = any(field);
  if (value.IsNull()) return std::nullopt;
  const auto number = whole_number(value, least, most);
  if (!number) refuse(field, range(least, most) + ", or null", value);
  return number;
}

std::vector<std::string> Fields::texts(const char* field) const {
  const Napi::Value value = any(field);
  if (!value.IsArray()) refuse(field, "an array of strings", value);
  std::vector<std::string> all;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value item = array[i];
    if (!item.IsString()) refuse((std::string(field) + "[" + std::to_string(i) + "]").c_str(), "a string", item);
    all.push_back(item.As<Napi::String>());
  }
  return all;
}

std::vector<int32_t> Fields::int32s(const char* field) const {
  const Napi::Value value = any(field);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
    refuse(field, "an Int32Array", value);
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

int Fields::choice(const char* field, const std::vector<std::string>& choices) const {
  const Napi::Value value = any(field);
  const std::string text = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end() && value.IsString()) return static_cast<int>(found - choices.begin());
  std::string wanted = "one of";
  for (const std::string& choice : choices) wanted += " \"" + choice + "\"";
  refuse(field, wanted, value);
}

void Positional::refuse(size_t index, const char* name, const std::string& wanted) const {
  throw_refusal(info_.Env(), std::string(function_) + ": " + name, wanted, any(index));
}

int64_t Positional::integer(size_t index, const char* name, int64_t least, int64_t most) const {
  const auto number = whole_number(any(index), least, most);
  if (!number) refuse(index, name, range(least, most));
  return *number;
}

std::string Positional::text(size_t index, const char* name) const {
  if (!any(index).IsString()) refuse(index, name, "a string");
  return any(index).As<Napi::String>();
}

Napi::Function Positional::function(size_t index, const char* name) const {
  if (!any(index).IsFunction()) refuse(index, name, "a function");
  return any(index).As<Napi::Function>();
}

std::vector<uint8_t> Positional::bytes(size_t index, const char* name) const {
  const Napi::Value value = any(index);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    refuse(index, name, "a Uint8Array");
  const auto array = value.As<Napi::Uint8Array>();
  if (array.ElementLength() == 0) refuse(index, name, "a Uint8Array of at least one byte");
  return {array.Data(), array.Data() + array.ElementLength()};
}

}  // namespace rankscope
