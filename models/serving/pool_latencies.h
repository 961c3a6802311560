// Latencies of a pool's requests, over all of its pods there ever were.
// Source: vLLM v1/metrics/loggers.py: names and bounds of buckets.
#pragma once
#include <array>

#include "sim/histogram.h"
#include "sim/latency_histogram.h"

namespace stampede {

struct PoolLatencies {
  static constexpr std::array<double, 19> kPerToken{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,
                                                    0.3,  0.4,   0.5,  0.75,  1.0, 2.5,  5.0,
                                                    7.5,  10.0,  20.0, 40.0,  80.0};
  Histogram ttft{latency_bounds(LatencyKind::kTtft)};
  Histogram request{latency_bounds(LatencyKind::kRequest)};
  Histogram per_token{kPerToken};  // of those with more than one token
};

}  // namespace stampede
