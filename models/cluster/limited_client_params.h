// Parameters of a component's client of the API server.
#pragma once
#include "sim/params.h"

namespace stampede {

struct LimitedClientParams {
  double qps = 20;    // tokens a second; <= 0: no limit
  double burst = 30;  // bucket
  i32 retries = 10;   // of a 429 with Retry-After
  Duration retry_after = 1_s;
  static void describe(Schema<LimitedClientParams>& s);
};

}  // namespace stampede
