// NativeRecorder of native/lib/binding.ts. Works where MLX is absent: the engine's side hands in what reads its memory.
#pragma once
#include <napi.h>

#include <memory>

#include "recorder.h"

namespace rankscope {

using MemoryReader = MemoryBytes (*)();

// What `memory(null, …)` and `recordWithMemory` ask. Without one they store "no such getter" for every size.
void set_memory_reader(MemoryReader reader) noexcept;

// Adds `openRecorder` to the addon's exports.
void init_recorder_binding(Napi::Env env, Napi::Object exports);

// The recorder inside a NativeRecorder, for native threads that record too; it outlives the JavaScript object and its
// close(). Null when the value is not a NativeRecorder.
std::shared_ptr<Recorder> recorder_of(Napi::Value value);

}  // namespace rankscope
