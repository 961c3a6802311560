// Health of one target from the results of its probes, with rise and fall counts and slow start.
// State: UNKNOWN -rise-> HEALTHY -first failure-> SUSPECT -fall in a row-> UNHEALTHY -rise->
//   PROBATION -slow start over-> HEALTHY; a success takes SUSPECT back, `fall` failures end all.
// Source: HAProxy and Route 53 health checks (rise, fall), Envoy slow start (least weight 10 %).
// Limits: one verdict a round; how vantage points are merged into it is the caller's business.
#pragma once
#include <algorithm>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

enum class Health : u8 { kUnknown, kHealthy, kSuspect, kUnhealthy, kProbation };

class ProbeFsm {
 public:
  struct Limits {
    u32 rise = 2, fall = 3;  // in a row, >= 1
    Duration slow_start{};   // 0: none
  };
  explicit ProbeFsm(Limits limits, Health initial = Health::kUnknown)
      : limits_(limits), health_(initial) {
    STAMPEDE_CHECK(limits.rise > 0 && limits.fall > 0, "rise and fall count from 1");
  }

  // Counts so far are kept and judged by the new limits.
  void retune(Limits limits) { limits_ = limits; }

  // The result of a probe that is known at `now`. True if the target became (un)usable.
  bool observe(bool success, Instant now) {
    const bool before = usable();
    successes_ = success ? successes_ + 1 : 0;
    failures_ = success ? 0 : failures_ + 1;
    switch (health_) {
      case Health::kUnknown:
        if (successes_ >= limits_.rise) health_ = Health::kHealthy;
        if (failures_ >= limits_.fall) health_ = Health::kUnhealthy;
        break;
      case Health::kHealthy:
      case Health::kSuspect:
        health_ = success ? Health::kHealthy : Health::kSuspect;
        if (failures_ >= limits_.fall) health_ = Health::kUnhealthy;
        break;
      case Health::kUnhealthy:
        if (successes_ >= limits_.rise) {
          health_ = Health::kProbation;
          recovered_at_ = now;
          settle(now);
        }
        break;
      case Health::kProbation:
        if (failures_ >= limits_.fall) health_ = Health::kUnhealthy;
        settle(now);
        break;
    }
    return usable() != before;
  }

  // Leaves PROBATION when slow start is over.
  void settle(Instant now) {
    if (health_ == Health::kProbation && now - recovered_at_ >= limits_.slow_start)
      health_ = Health::kHealthy;
  }

  Health health() const { return health_; }
  bool usable() const { return health_ != Health::kUnhealthy && health_ != Health::kUnknown; }
  // Share of its capacity to use now: ramps from 10 % to 1 while in PROBATION.
  double ramp(Instant now) const {
    if (!usable()) return 0;
    if (health_ != Health::kProbation || limits_.slow_start.ns == 0) return 1;
    const double share = (now - recovered_at_).seconds() / limits_.slow_start.seconds();
    return std::clamp(share, 0.1, 1.0);
  }

 private:
  Limits limits_;
  Health health_;
  u32 successes_ = 0, failures_ = 0;
  Instant recovered_at_{};
};

}  // namespace stampede
