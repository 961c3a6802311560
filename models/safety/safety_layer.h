// Sampled checks of answers and the breaker they trip.
// **State** per scope unit (replica, region or the whole service): CLOSED -> OPEN -> HALF_OPEN
// steps -> CLOSED.
// **Source** the published accounts of the reference outage (a safety layer opened a global
// breaker); rates and steps are assumed.
// **Limits** a verdict depends on the answer alone; the check itself never fails or queues. With
// replica scope a half-open replica is picked without a share.
#pragma once
#include <vector>

#include "models/ports/breaker_control_port.h"
#include "models/ports/live_port.h"
#include "models/ports/load_port.h"
#include "models/ports/safety_port.h"
#include "models/safety/ramp_breaker.h"
#include "models/safety/safety_params.h"
#include "sim/live_causes.h"
#include "sim/slot_pool.h"
#include "sim/world.h"

namespace stampede {

struct SafetyStats {
  u64 answers = 0, sampled = 0, verdicts = 0, bad = 0, false_bad = 0;
  u64 trips = 0, refused = 0, poisoned_passed = 0;
};

class SafetyLayer final : public SafetyPort,
                          public BreakerControlPort,
                          public Tunable,
                          public Component {
 public:
  SafetyLayer(World& world, const SafetyParams& params, u32 regions);

  void answered(u64 key, RegionId region, ReplicaId replica, bool poisoned,
                IncidentId cause) override;
  Verdict admit(u64 session_key, RegionId region) override;
  bool globally_open() const override;
  void handle(const Event& event) override;

  // Before the start: the ramp is gated on the highest load among these; without any it is open.
  void gate_on(std::vector<const LoadPort*> regions) { gate_ = std::move(regions); }

  // BreakerControlPort
  IncidentId open_by_hand(IncidentId cause) override { return open_by_hand(cause, kNoRegion); }
  IncidentId start_ramp(IncidentId cause) override;
  Alarm breaker_open() const override;
  IncidentId closed() const override { return closed_; }
  // Opens the breaker of a region (kNoRegion: all units); returns breaker_opened.
  IncidentId open_by_hand(IncidentId cause, RegionId region);
  // Whether any breaker is open or half-open; whether one is half-open.
  bool any_open() const { return any(true); }
  bool ramping() const { return any(false); }
  // With replica scope: may this replica be picked?
  bool replica_open(RegionId region, ReplicaId replica) const;
  // Breaker of a region, or of the service.
  const RampBreaker& breaker(RegionId region) const { return unit_of(region).breaker; }

  LiveRoot live() { return live_root(params_, this); }
  void retuned(const LiveChange& change) override;

  const SafetyStats& stats() const { return stats_; }

 private:
  enum Kind : u8 { kVerdict, kRampStep };
  struct Unit {
    Unit(const SafetyParams& p, const std::vector<double>& steps);
    static u32 seconds(const SafetyParams& p);  // that its window holds
    RampBreaker breaker;
    VerdictWindow window;
    std::vector<IncidentId> provenance;  // of bad answers since the window last held none
    IncidentId detected = kNoIncident, opened = kNoIncident, ramp = kNoIncident;
    u32 ramp_number = 0;  // events of an earlier ramp fall through
  };
  struct Check {  // a sampled answer until its verdict
    IncidentId cause = kNoIncident;
    ReplicaId replica = 0;
    RegionId region = 0;
    bool poisoned = false, bad = false;
  };
  std::size_t unit_index(RegionId region) const {
    return params_.scope == BreakerScope::kGlobal ? 0 : region;
  }
  const Unit& unit_of(RegionId region) const { return units_[unit_index(region)]; }
  Unit& replica_unit(RegionId region, ReplicaId replica);
  bool any(bool open_too) const;
  void verdict(const Check& check);
  void open(Unit& unit, std::vector<IncidentId> causes, const std::string& what);
  void ramp_step(u32 unit);
  Unit& unit_at(u32 index);

  World& world_;
  SafetyParams params_;
  LiveCauses live_causes_;
  ComponentId component_;
  StreamKey sample_, judge_, sticky_;
  void retune(Unit& unit) const;
  static std::vector<double> shares(const std::vector<Share>& steps);
  std::vector<double> steps_;
  std::vector<Unit> units_;                  // region or whole service
  std::vector<std::vector<Unit>> replicas_;  // by region, grown on demand
  std::vector<std::pair<RegionId, ReplicaId>> ramping_replicas_;
  SlotPool<Check> checks_;
  std::vector<const LoadPort*> gate_;
  IncidentId closed_ = kNoIncident;  // the last of any unit
  SafetyStats stats_;
};

}  // namespace stampede
