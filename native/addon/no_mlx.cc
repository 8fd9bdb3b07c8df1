// The addon's front door on a machine without MLX: the recorder works, the rest says that there is no MLX.
#include "recorder_binding.h"

namespace rankscope {
namespace {

constexpr const char* kWhy = "This native core was built without MLX; build/native/status.json says why and what mends it.";

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("mlxVersion", "none");
  object.Set("mlxCompiled", "none");
  object.Set("blas", "none");
  object.Set("backends", Napi::Array::New(env));
  return object;
}

Napi::Value memory(const Napi::CallbackInfo& call) {
  Napi::Object object = Napi::Object::New(call.Env());
  for (const char* field : {"active", "cache", "peak", "wiredLimit"}) object.Set(field, call.Env().Null());
  return object;
}

Napi::Value engine(const Napi::CallbackInfo& call) {
  Napi::Error error = Napi::Error::New(call.Env(), kWhy);
  error.Set("code", Napi::String::New(call.Env(), "native_unavailable"));
  throw error;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  init_recorder_binding(env, exports);
  exports.Set("info", Napi::Function::New(env, info, "info"));
  exports.Set("memory", Napi::Function::New(env, memory, "memory"));
  exports.Set("Engine", Napi::Function::New(env, engine, "Engine"));
  return exports;
}

}  // namespace
}  // namespace rankscope

static Napi::Object init_rankscope(Napi::Env env, Napi::Object exports) { return rankscope::init(env, exports); }

NODE_API_MODULE(rankscope, init_rankscope)
