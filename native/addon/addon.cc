// The addon's front door, with MLX.
#include <mlx/distributed/distributed.h>
#include <mlx/version.h>

#include "../engine/mlx_memory.h"
#include "blas.h"
#include "convert.h"
#include "engine_binding.h"
#include "recorder_binding.h"

#define RANKSCOPE_TEXT_OF(x) #x
#define RANKSCOPE_TEXT(x) RANKSCOPE_TEXT_OF(x)

namespace rankscope {
namespace {

constexpr const char* kCompiledVersion =
    RANKSCOPE_TEXT(MLX_VERSION_MAJOR) "." RANKSCOPE_TEXT(MLX_VERSION_MINOR) "." RANKSCOPE_TEXT(MLX_VERSION_PATCH);

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("mlxVersion", mlx::core::version());
  object.Set("mlxCompiled", kCompiledVersion);
  object.Set("blas", blas_name());
  Napi::Array backends = Napi::Array::New(env);
  backends.Set(0u, "none");
  if (mlx::core::distributed::is_available("ring")) backends.Set(1u, "ring");
  object.Set("backends", backends);
  return object;
}

Napi::Value memory(const Napi::CallbackInfo& call) { return to_js(call.Env(), read_mlx_memory()); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
  set_memory_reader(read_mlx_memory);
  init_recorder_binding(env, exports);
  exports.Set("info", Napi::Function::New(env, info, "info"));
  exports.Set("memory", Napi::Function::New(env, memory, "memory"));
  exports.Set("Engine", EngineBinding::define(env));
  return exports;
}

}  // namespace
}  // namespace rankscope

static Napi::Object init_rankscope(Napi::Env env, Napi::Object exports) { return rankscope::init(env, exports); }

NODE_API_MODULE(rankscope, init_rankscope)
