// What users got: per minute of offering and home region, and from it which minutes a region and
// the service were down. Also the live success signal that dashboards, alerts and operators read.
// Source: definitions of downtime and availability in the design; thresholds are parameters.
#pragma once
#include <array>
#include <vector>

#include "models/clients/service_level_params.h"
#include "models/ports/live_port.h"
#include "models/ports/request.h"
#include "models/ports/service_alarm_port.h"
#include "sim/cause_tally.h"
#include "sim/quantiles.h"
#include "sim/signal.h"
#include "sim/world.h"

namespace stampede {

// Counts of requests by end; `in_flight` is kept by the owner of the pool.
struct RequestCounts {
  u64 offered = 0;
  std::array<u64, static_cast<std::size_t>(Outcome::kCount)> ended{};
  u64 total_ended() const;
};

class ServiceLevel final : public ServiceAlarmPort {
 public:
  ServiceLevel(World& world, const SloParams& params, std::size_t regions, Duration horizon);

  void offered(Instant at, RegionId home);
  // A request offered at `offered` ended now; if not well, because of `blamed`.
  void ended(Instant offered, RegionId home, Outcome outcome, IncidentId blamed);
  // An attempt was offered to `region` (after routing, before its verdict).
  void attempt_offered(RegionId region, IncidentId moved_by) {
    ++attempts_into_[region];
    if (moved_by != kNoIncident) moved_by_ = moved_by;
  }
  IncidentId moved_by() const { return moved_by_; }  // carried here by the latest moved attempt
  // The global breaker is open during this minute (called at every sample while it is).
  void breaker_open_now();

  // Share of requests that ended well among those that ended in the last observation window;
  // absent while nothing ended. Updated by sample().
  const Signal<double>& observed(RegionId region) const { return observed_[region]; }
  double observed_total() const { return observed_total_; }
  Alarm success_below(double share) const override;
  // What most of the requests that lately did not end well were told or carried: of a region's
  // clients, or of all.
  static constexpr Duration kRemembered = 6_min;
  std::vector<IncidentId> failing(RegionId home) const;
  std::vector<IncidentId> failing() const;
  // Called every few seconds: refreshes the observed signals.
  void sample();

  struct Minute {
    u32 offered = 0, succeeded = 0, failed = 0, elsewhere = 0;
    bool breaker = false;
  };
  const std::vector<Minute>& minutes(RegionId region) const { return minutes_[region]; }
  bool region_down(RegionId region, std::size_t minute) const;
  bool service_down(std::size_t minute) const;
  const RequestCounts& counts() const { return counts_; }
  u64 attempts_into(RegionId region) const { return attempts_into_[region]; }
  const SloParams& params() const { return params_; }
  LiveRoot live() { return live_root(params_); }
  std::size_t regions() const { return minutes_.size(); }

 private:
  World& world_;
  SloParams params_;
  std::vector<std::vector<Minute>> minutes_;  // [region] x [minute]
  RequestCounts counts_;
  std::vector<u64> attempts_into_;
  IncidentId moved_by_ = kNoIncident;
  // Requests that did not end well.
  CauseTally<60, kRemembered / 1_min, 32> failures_;
  std::vector<CauseTally<60, kRemembered / 1_min, 32>> failures_of_;  // [home region]
  std::vector<Signal<double>> observed_;
  double observed_total_ = 1;
  struct Tally {
    u64 good = 0, bad = 0;
  };
  struct Snapshot {
    Instant at;
    std::vector<Tally> tallies;
  };
  std::vector<Tally> tallies_;       // [region] since the start
  std::vector<Snapshot> snapshots_;  // ring over the observation window
};

}  // namespace stampede
