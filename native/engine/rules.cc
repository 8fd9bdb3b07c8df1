#include "rules.h"

namespace rankscope {

Rules rules() { return {}; }

}  // namespace rankscope
