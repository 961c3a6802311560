// The similarity transform of a scenario: everything that counts is divided, everything that is a
// time, a ratio or one pod's behaviour stays. What each parameter does is part of its description
// (Scaling, sim/params.h).
// Source: reference outage, section 2. Limits: counts are rounded, so small regions feel it; fsync
// times, the AS graph and gangs do not scale.
#pragma once
#include "tools/world/scenario.h"

namespace stampede {

// `spec` with its own scale applied; the result has scale 1.
Spec scaled(const Spec& spec);

}  // namespace stampede
