// What the engine throws on purpose. The code is the error's class in JavaScript (native/lib/errors.ts).
#pragma once
#include <stdexcept>
#include <string>

namespace rankscope {

enum class ErrorCode {
  invalid_argument,
  not_ready,  // a call before the one it needs
  busy,
  closed,
  model_invalid,
  plan_refused,
  tensor_plan_refused,
  prompt_too_long,
  connect_failed,
  connect_deadline,
  peer_lost,
  collective_deadline,
  injected,
  internal,
};

const char* name_of(ErrorCode code);

struct EngineError : std::runtime_error {
  EngineError(ErrorCode code, const std::string& message) : std::runtime_error(message), code(code) {}
  ErrorCode code;
};

}  // namespace rankscope
