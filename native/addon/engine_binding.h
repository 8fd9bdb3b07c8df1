// NativeEngine of native/lib/binding.ts: reads arguments, calls the engine on its thread, hands results back.
#pragma once
#include <napi.h>

#include <memory>

#include "../engine/engine.h"
#include "mailbox.h"

namespace rankscope {

class EngineBinding : public Napi::ObjectWrap<EngineBinding> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit EngineBinding(const Napi::CallbackInfo& info);

 private:
  Napi::Value join_group(const Napi::CallbackInfo& info);
  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value warmup(const Napi::CallbackInfo& info);
  Napi::Value gather(const Napi::CallbackInfo& info);
  Napi::Value generate(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  void abort(const Napi::CallbackInfo& info);
  void inject(const Napi::CallbackInfo& info);
  Napi::Value links(const Napi::CallbackInfo& info);
  Napi::Value drop_caches(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  // A promise of what `work` returns on the engine's thread, converted on JavaScript's.
  template <class Work, class Convert>
  Napi::Value promise(const char* call, const Napi::CallbackInfo& info, Work work, Convert convert);
  void need_open(const Napi::CallbackInfo& info, const char* call) const;

  // Both outlive this object while the engine's thread may be stuck in a call: they end with the process.
  Engine* engine_ = nullptr;
  Mailbox* mailbox_ = nullptr;
  bool closed_ = false;
  Napi::ObjectReference recorder_;  // so that the ring stays open as long as the engine writes to it
};

}  // namespace rankscope
