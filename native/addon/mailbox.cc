#include "mailbox.h"

#include <memory>

namespace rankscope {

// Unbounded by number, bounded by what runs: one call at a time, and a letter for each of its tokens or layers.
Mailbox::Mailbox(Napi::Env env)
    : function_(Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}),
                                              "rankscope engine", 0, 1)) {
  function_.Unref(env);
}

void Mailbox::expect(Napi::Env env) { function_.Ref(env); }

void Mailbox::expect_nothing(Napi::Env env) { function_.Unref(env); }

void Mailbox::post(Letter letter) {
  auto owned = std::make_unique<Letter>(std::move(letter));
  const auto open = [](Napi::Env env, Napi::Function, Letter* raw) {
    const std::unique_ptr<Letter> letter(raw);
    if (env != nullptr) (*letter)(env);  // null while the environment is being torn down
  };
  // Refused once the process is ending: nobody is left to read it.
  if (function_.NonBlockingCall(owned.get(), open) == napi_ok) owned.release();
}

void Mailbox::close() { function_.Release(); }

}  // namespace rankscope
