// Parameters of a limit on requests per window.
#pragma once
#include "sim/params.h"

namespace stampede {

struct RateLimitParams {
  i64 requests = 0;  // 0: no limit
  Duration window = 1_min;
  static void describe(Schema<RateLimitParams>& s);
};

}  // namespace stampede
