// How client-go asks again for a list.
// Source: client-go reflector.go: from 0.8 s, doubled up to 30 s, each up to twice as long; a call
// that is answered 429 names a second.
#pragma once
#include <algorithm>

#include "models/ports/api_server_port.h"

namespace stampede {

// `failed`: lists in a row before this one that were not answered, `u` in (0, 1) [s].
inline Duration reflector_pause(ApiStatus status, u32 failed, double u) {
  constexpr double kBackoff = 0.8, kLongestBackoff = 30;
  if (status == ApiStatus::kTooManyRequests) return 1_s;
  const double wait =
      std::min(kLongestBackoff, kBackoff * static_cast<double>(1U << std::min(failed, 8U)));
  return from_seconds(wait * (1 + u));
}

}  // namespace stampede
