// What recorder_binding.cc reads its arguments with: every wrong one throws a sentence that names its field.
#pragma once
#include <node_api.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include "recorder.h"
#include "ring_layout.h"

namespace rankscope {

inline const char* name_of(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  switch (type) {
    case napi_undefined: return "missing";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_bigint: return "a bigint";
    case napi_function: return "a function";
    default: return "an object";
  }
}

// The arguments of one call. Plain N-API and no objects: this is the path of every entry that JavaScript records. The
// first argument that is wrong throws; the caller then returns without recording.
class Call {
 public:
  Call(napi_env env, napi_callback_info info, const char* method) : env_(env), method_(method) {
    size_t count = arguments_.size();
    napi_value self = nullptr;
    napi_get_cb_info(env, info, &count, arguments_.data(), &self, nullptr);
    // V8 lets nobody call a method of this class on another object, so the wrapped pointer is ours.
    void* data = nullptr;
    napi_unwrap(env, self, &data);
    owner_ = static_cast<std::shared_ptr<Recorder>*>(data);
  }

  // Null after close, and then an error is thrown.
  Recorder* open() {
    if (owner_ != nullptr && *owner_ != nullptr) return owner_->get();
    fail("the recorder is closed");
    return nullptr;
  }
  std::shared_ptr<Recorder>* owner() { return owner_; }

  void fail(const char* message) {
    char sentence[200];
    std::snprintf(sentence, sizeof sentence, "NativeRecorder.%s: %s.", method_, message);
    napi_throw_type_error(env_, nullptr, sentence);
  }

  template <typename T>
  bool number(size_t i, const char* name, T& into) {
    int64_t value = 0;
    if (napi_get_value_int64(env_, arguments_[i], &value) != napi_ok) return wrong(i, name, "a number");
    into = static_cast<T>(value);
    return true;
  }

  // −1, or any other negative number, is none.
  bool ordinal(size_t i, const char* name, uint64_t& into) {
    int64_t value = 0;
    if (!number(i, name, value)) return false;
    into = value < 0 ? kNone : static_cast<uint64_t>(value);
    return true;
  }

  // Null is none.
  bool size_or_null(size_t i, const char* name, uint64_t& into) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, arguments_[i], &type);
    into = kNone;
    if (type == napi_null) return true;
    return type == napi_number ? ordinal(i, name, into) : wrong(i, name, "a number or null");
  }

  bool text_or_null(size_t i, const char* name, std::string_view& into) { return text_or_null(i, name, into, text_); }

  // `room` has room for one character more than is kept, so that what is longer is seen to be so.
  template <size_t N>
  bool text_or_null(size_t i, const char* name, std::string_view& into, char (&room)[N]) {
    size_t length = 0;
    if (napi_get_value_string_utf8(env_, arguments_[i], room, N, &length) == napi_ok) {
      into = std::string_view(room, length);
      return true;
    }
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, arguments_[i], &type);
    return type == napi_null ? true : wrong(i, name, "a string or null");
  }

  bool bigint(size_t i, const char* name, uint64_t& into) {
    bool lossless = true;
    if (napi_get_value_bigint_uint64(env_, arguments_[i], &into, &lossless) != napi_ok) return wrong(i, name, "a bigint");
    return true;
  }

  bool uuid_or_null(size_t i, const char* name, Uuid& into) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, arguments_[i], &type);
    if (type == napi_null) return true;
    bool typed = false;
    napi_is_typedarray(env_, arguments_[i], &typed);
    if (!typed) return wrong(i, name, "a Uint8Array of 16 bytes or null");
    napi_typedarray_type kind = napi_int8_array;
    size_t length = 0;
    void* bytes = nullptr;
    napi_get_typedarray_info(env_, arguments_[i], &kind, &length, &bytes, nullptr, nullptr);
    if (kind != napi_uint8_array || length != into.size()) return wrong(i, name, "a Uint8Array of 16 bytes or null");
    std::memcpy(into.data(), bytes, into.size());
    return true;
  }

 private:
  bool wrong(size_t i, const char* name, const char* wanted) {
    char message[160];
    std::snprintf(message, sizeof message, "%s must be %s; it is %s", name, wanted, name_of(env_, arguments_[i]));
    fail(message);
    return false;
  }
  napi_env env_;
  const char* method_;
  std::array<napi_value, 15> arguments_{};  // as many as recordWithAttrs takes; what is not given is undefined
  std::shared_ptr<Recorder>* owner_ = nullptr;
  char text_[ring::strings::kMaxTextBytes + 5];
};

}  // namespace rankscope
