#include "engine_error.h"

namespace rankscope {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::not_ready: return "not_ready";
    case ErrorCode::busy: return "busy";
    case ErrorCode::closed: return "closed";
    case ErrorCode::model_invalid: return "model_invalid";
    case ErrorCode::plan_refused: return "plan_refused";
    case ErrorCode::tensor_plan_refused: return "tensor_plan_refused";
    case ErrorCode::prompt_too_long: return "prompt_too_long";
    case ErrorCode::connect_failed: return "connect_failed";
    case ErrorCode::connect_deadline: return "connect_deadline";
    case ErrorCode::peer_lost: return "peer_lost";
    case ErrorCode::collective_deadline: return "collective_deadline";
    case ErrorCode::injected: return "injected";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

}  // namespace rankscope
