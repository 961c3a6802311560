// Where a circuit breaker stands, whoever has it.
#pragma once
#include "sim/units.h"

namespace stampede {

enum class BreakerState : u8 { kClosed, kOpen, kHalfOpen };

}  // namespace stampede
