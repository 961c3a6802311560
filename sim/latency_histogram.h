// Latencies of requests by bucket, with the bounds that serving programs use.
// Source: vLLM v1/metrics/loggers.py.
#pragma once
#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "sim/units.h"

namespace stampede {

enum class LatencyKind : u8 { kTtft, kQueueTime, kRequest };
inline constexpr std::size_t kLatencyKinds = 3;

// Upper bounds of a histogram's buckets [s], without the last, which has none.
inline std::span<const double> latency_bounds(LatencyKind kind) {
  static constexpr std::array<double, 22> kTtft{0.001, 0.005, 0.01, 0.02, 0.04,  0.06,  0.08, 0.1,
                                                0.25,  0.5,   0.75, 1.0,  2.5,   5.0,   7.5,  10.0,
                                                20.0,  40.0,  80.0, 160., 640.0, 2560.0};
  static constexpr std::array<double, 21> kRequest{0.3,  0.5,  0.8,   1.0,   1.5,   2.0,    2.5,
                                                   5.0,  10.0, 15.0,  20.0,  30.0,  40.0,   50.0,
                                                   60.0, 120., 240.0, 480.0, 960.0, 1920.0, 7680.0};
  return kind == LatencyKind::kTtft ? std::span<const double>(kTtft) : kRequest;
}

// Counts by bucket, not cumulative, the last beyond all bounds.
struct LatencyHistogram {
  std::vector<u64> counts;
  double sum = 0;  // [s]
  void add(LatencyKind kind, double seconds) {
    const std::span<const double> bounds = latency_bounds(kind);
    if (counts.empty()) counts.resize(bounds.size() + 1);
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
    ++counts[static_cast<std::size_t>(at)];
    sum += seconds;
  }
};
}  // namespace stampede
