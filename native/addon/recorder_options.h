// Reads openRecorder's options.
#pragma once
#include <node_api.h>

#include <cmath>
#include <string>

#include "recorder_call.h"

namespace rankscope {

// `openRecorder`'s options, one field at a time; the first that is wrong throws and the rest is not looked at.
class OptionsReader {
 public:
  OptionsReader(napi_env env, napi_value object) : env_(env), object_(object) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env, object, &type);
    if (type != napi_object) fail("options", "an object", object);
  }
  bool ok() const { return ok_; }

  void text(const char* name, std::string& into) {
    napi_value value = get(name);
    size_t length = 0;
    if (!ok_) return;
    if (napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) return fail(name, "a string", value);
    into.resize(length);
    napi_get_value_string_utf8(env_, value, into.data(), length + 1, &length);
  }

  void count(const char* name, uint32_t& into) {
    napi_value value = get(name);
    double number = 0;
    if (!ok_) return;
    if (napi_get_value_double(env_, value, &number) != napi_ok) return fail(name, "a number", value);
    if (!(number >= 0 && number <= 4294967295.0) || number != std::floor(number)) {
      return fail_with(name, "must be a whole number of 32 bits, not negative");
    }
    into = static_cast<uint32_t>(number);
  }

  void uuid(const char* name, Uuid& into) {
    std::string digits;
    text(name, digits);
    if (!ok_) return;
    std::erase(digits, '-');
    if (digits.size() != 32 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      return fail_with(name, "must be a UUID");
    }
    for (size_t i = 0; i < into.size(); ++i) {
      into[i] = static_cast<uint8_t>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
    }
  }

 private:
  napi_value get(const char* name) {
    napi_value value = nullptr;
    if (ok_ && napi_get_named_property(env_, object_, name, &value) != napi_ok) ok_ = false;  // a getter threw
    return value;
  }
  void fail(const char* name, const char* wanted, napi_value value) {
    fail_with(name, (std::string("must be ") + wanted + "; it is " + name_of(env_, value)).c_str());
  }
  void fail_with(const char* name, const char* message) {
    if (ok_) napi_throw_type_error(env_, nullptr, ("openRecorder: " + std::string(name) + " " + message + ".").c_str());
    ok_ = false;
  }

  napi_env env_;
  napi_value object_;
  bool ok_ = true;
};

}  // namespace rankscope
