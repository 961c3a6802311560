// Sampled checks of answers and the breaker they trip.
// **State** per scope unit (replica, region or the whole service): CLOSED -> OPEN -> HALF_OPEN
// steps -> CLOSED.
// **Source** the published accounts of the reference outage (a safety layer opened a global
// breaker); rates and steps are assumed.
// **Limits** a verdict depends on the answer alone; the check itself never fails or queues. With
// replica scope a half-open replica is picked without a share.
#pragma once
#include <functional>
#include <vector>

#include "models/ports/safety.h"
#include "models/safety/ramp_breaker.h"
#include "models/safety/safety_params.h"
#include "sim/world.h"

namespace stampede {

struct SafetyStats {
  u64 answers = 0, sampled = 0, verdicts = 0, bad = 0, false_bad = 0;
  u64 trips = 0, refused = 0, poisoned_passed = 0;
};

class SafetyLayer final : public SafetyPort, public Component {
 public:
  SafetyLayer(World& world, const SafetyParams& params, u32 regions);

  void answered(u64 key, RegionId region, ReplicaId replica, bool poisoned,
                IncidentId cause) override;
  Verdict admit(u64 session_key, RegionId region) override;
  bool globally_open() const override;
  void handle(const Event& event) override;

  // Load of the bottleneck the ramp is gated on, 1 = saturated. Absent: the gate is open.
  std::function<double()> load;
  // Begins to reopen every open breaker; returns ramp_started, or none if nothing was open.
  IncidentId start_ramp(IncidentId cause);
  // Opens a breaker by hand (kNoRegion: all units); returns breaker_opened.
  IncidentId open_by_hand(IncidentId cause, RegionId region = kNoRegion);
  // Whether any breaker is open or half-open; whether one is half-open.
  bool any_open() const { return any(true); }
  bool ramping() const { return any(false); }
  // With replica scope: may this replica be picked?
  bool replica_open(RegionId region, ReplicaId replica) const;
  // Breaker of a region, or of the service.
  const RampBreaker& breaker(RegionId region) const { return unit_of(region).breaker; }
  // Called with breaker_opened and with breaker_closed of a unit.
  std::function<void(IncidentId)> on_opened, on_closed;

  const SafetyStats& stats() const { return stats_; }

 private:
  enum Kind : u8 { kVerdict, kRampStep };
  struct Unit {
    Unit(const SafetyParams& p, const std::vector<double>& steps);
    RampBreaker breaker;
    VerdictWindow window;
    std::vector<IncidentId> provenance;  // of bad answers since the window last held none
    IncidentId detected = kNoIncident, opened = kNoIncident, ramp = kNoIncident;
    u32 ramp_number = 0;  // events of an earlier ramp fall through
  };
  struct Check {  // a sampled answer until its verdict
    IncidentId cause;
    ReplicaId replica;
    RegionId region;
    bool poisoned, bad;
  };
  std::size_t unit_index(RegionId region) const {
    return p_.scope == BreakerScope::kGlobal ? 0 : region;
  }
  const Unit& unit_of(RegionId region) const { return units_[unit_index(region)]; }
  Unit& replica_unit(RegionId region, ReplicaId replica);
  bool any(bool open_too) const;
  void verdict(const Check& check);
  void open(Unit& unit, std::vector<IncidentId> causes, const std::string& what);
  void ramp_step(u32 unit);
  Unit& unit_at(u32 index);

  World& world_;
  const SafetyParams p_;
  ComponentId self_;
  StreamKey sample_, judge_, sticky_;
  std::vector<double> steps_;
  std::vector<Unit> units_;                  // region or whole service
  std::vector<std::vector<Unit>> replicas_;  // by region, grown on demand
  std::vector<std::pair<RegionId, ReplicaId>> ramping_replicas_;
  std::vector<Check> checks_;  // ring in order of sampling
  std::vector<u32> free_;
  SafetyStats stats_;
};

}  // namespace stampede
