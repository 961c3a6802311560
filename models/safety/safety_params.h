// Parameters of the output checks, of the breaker they trip and of its reopening.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class BreakerScope : u8 { kReplica, kRegion, kGlobal };

struct SafetyParams {
  bool enabled = false;
  Share sample_rate{0.01};
  Duration latency = 5_s;
  Share true_positive{0.9};
  Share false_positive{1e-3};
  Duration window = 60_s;
  Share threshold{0.02};
  u32 minimum_count = 200;
  BreakerScope scope = BreakerScope::kGlobal;
  std::vector<Share> ramp_steps{{0.01}, {0.05}, {0.25}, {0.60}, {1.0}};
  Duration ramp_hold = 7_min;
  Duration ramp_recheck = 1_min;
  Share ramp_load_limit{0.9};
  Share ramp_back_limit{1.2};
  bool ramp_looks_ahead = false;
  Duration retry_after{};

  static void describe(Schema<SafetyParams>& s);
};

}  // namespace stampede
