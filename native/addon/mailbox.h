// From the engine's thread to JavaScript's: letters are run there in the order in which they were posted.
#pragma once
#include <napi.h>

#include <functional>

namespace rankscope {

class Mailbox {
 public:
  using Letter = std::function<void(Napi::Env)>;

  explicit Mailbox(Napi::Env env);

  // JavaScript's thread: while something is expected the process stays alive, else it may end.
  void expect(Napi::Env env);
  void expect_nothing(Napi::Env env);
  // Any thread.
  void post(Letter letter);
  // JavaScript's thread; nothing may be posted after.
  void close();

 private:
  Napi::ThreadSafeFunction function_;
};

}  // namespace rankscope
