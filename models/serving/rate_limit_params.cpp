#include "models/serving/rate_limit_params.h"

namespace stampede {

void RateLimitParams::describe(Schema<RateLimitParams>& s) {
  s.field("requests", &RateLimitParams::requests)
      .live()
      .range(0, 1e12)
      .help("requests that are admitted in a window; 0: no limit")
      .scales();
  s.field("window", &RateLimitParams::window).live().at_least(0.001).help("length of the window");
}

}  // namespace stampede
