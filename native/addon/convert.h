// Results of the engine as JavaScript values, as native/lib/binding.ts declares them.
#pragma once
#include <napi.h>

#include "../engine/engine.h"

namespace rankscope {

Napi::Error to_js(Napi::Env env, const EngineError& error);
Napi::Value to_js(Napi::Env env, const MemoryBytes& memory);
Napi::Value to_js(Napi::Env env, const LoadedModel& model);
Napi::Value to_js(Napi::Env env, const GenerateResult& result);
Napi::Value to_js(Napi::Env env, const std::vector<std::vector<uint8_t>>& ranks);
Napi::Value to_js(Napi::Env env, const std::vector<LinkState>& links);

}  // namespace rankscope
