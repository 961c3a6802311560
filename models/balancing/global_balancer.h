// Decides to which region a client of a home region is sent, from probes of the regions and a view
// of each cluster's capacity that the control plane delivers.
// State: by region a probe machine (probe_fsm.h) and a view FRESH -ttl-> EXPIRED -delivery-> FRESH;
//   by home region AT_HOME -home unusable-> AWAY -home usable for the hold-down-> AT_HOME, and the
//   answers given so far (answer_history.h). A failover lasts until home has been usable for the
//   hold-down, also where clients came back before for want of another region.
// Source: global load balancers as sold: Route 53 (probes from many vantage points, healthy above
//   18 % of them; TTL 60 s), Google serviceLbPolicy (waterfall), Envoy (slow start).
// Limits: probes see the path to a region, not its servers (health_checks.h sees these); a probe
//   round has one verdict; one capacity number a region; demand for the waterfall is what was
//   offered in the last interval.
#pragma once
#include <string>
#include <vector>

#include "models/balancing/answer_history.h"
#include "models/balancing/global_balancer_params.h"
#include "models/balancing/probe_fsm.h"
#include "models/balancing/traffic_split.h"
#include "models/ports/attempts_port.h"
#include "models/ports/live_port.h"
#include "models/ports/region_filter_port.h"
#include "models/ports/traffic_control_port.h"
#include "sim/live_causes.h"
#include "sim/world.h"

namespace stampede {

class GlobalBalancer : public BalancerPort,
                       public TrafficControlPort,
                       public Component,
                       public Tunable {
 public:
  // `capacity` [region]: of the endpoints that are meant to be there at the start [requests/s].
  // Regions start healthy, and what is closed at the start is no failover. Errors: capacity or
  // region count that does not fit is an invariant error.
  GlobalBalancer(World& world, std::string path, const GlobalBalancerParams& params,
                 const NetworkPort& network, std::vector<double> capacity);

  // What keeps new clients from regions; before the first attempt.
  void connect(std::vector<RegionFilter*> filters);

  // One of them says something else by itself.
  void filters_changed() { rebuild(); }
  const std::optional<HealthCheckParams>& health_checks() const { return params_.health_checks; }
  // The change of its parameters that is in force, or was lately.
  IncidentId tuned_by() const { return tuned_.lately(world_.now()); }

  // Called for every attempt; no allocation.
  RegionRoute route(RegionId home, ClientNetwork client, u64 session_key) override;

  bool learns() const override { return !filters_.empty(); }
  void ended(RegionId region, Outcome outcome, IncidentId cause) override;

  IncidentId drain(RegionId region, IncidentId cause) override;
  void undrain(RegionId region, IncidentId drained, IncidentId healed) override;
  u32 drains(RegionId region) const override {
    return static_cast<u32>(regions_[region].drains.size());
  }

  // A watch delivered a region's capacity [requests/s]; `cause` is what changed it.
  void capacity_changed(RegionId region, double ready_capacity, IncidentId cause);
  // The view was confirmed without a change.
  void view_refreshed(RegionId region);
  // Deliveries for a region stopped because of `cause`; remembered as the cause of an expiry.
  void view_stalled(RegionId region, IncidentId cause);

  LiveRoot live() { return live_root(params_, this); }
  void retuned(const LiveChange& change) override;

  Health health(RegionId region) const { return regions_[region].probe.health(); }
  bool view_expired(RegionId region) const { return regions_[region].expired; }
  // Share of new answers for `home` that name `region`.
  double share(RegionId home, RegionId region) const;

  void handle(const Event& event) override;

 private:
  enum Kind : u8 { kProbe, kProbeAnswered, kViewCheck, kRebuild, kMeasure, kFilterDue };
  struct Region {
    ProbeFsm probe;
    double capacity = 0;
    Instant refreshed{};
    double first_probe = 0;  // as a share of the interval
    EventHandle next_probe{}, expiry{};
    Instant expires = kNever;
    bool expired = false, timer = false;
    double full = 0;  // capacity before the fall whose cause stands
    // Each is taken back when it no longer holds: the capacity is there again, the view is fresh.
    IncidentId shrunk_by = kNoIncident, stalled_by = kNoIncident;
    IncidentId unreachable = kNoIncident, lost_by = kNoIncident;  // and why
    IncidentId usable_by = kNoIncident;  // what ended that it could not be used
    std::vector<IncidentId> drains{};    // by hand, oldest first
    // admitted foreign attempts in this and the previous window
    i64 window = 0;
    double current = 0, previous = 0;
  };
  struct Home {
    bool away = false;
    bool moving = false;     // a failover lasts, also while clients are home for want of others
    Instant usable_since{};  // kNever: the region is not usable
    IncidentId moved_by = kNoIncident, lost_by = kNoIncident;  // the failover, and why
    Instant last_moved{};
    u64 offered = 0, offered_before = 0;
    double demand = 0;  // [attempts/s], over the last interval
  };

  void first_probes();
  void await_expiry(RegionId region);
  void await_measure();
  void rate_changed();
  AnswerHistory::Settings answers_kept() const {
    return {params_.ttl, params_.ttl_violators.value, params_.ttl_violator_tail};
  }
  void probe(RegionId region);
  Duration probe_delay(const PathState& path, RegionId region, u32 vantage) const;
  void answered(RegionId region, bool success, IncidentId cause);
  void fresh(RegionId region);
  void check_view(RegionId region);
  void rebuild();
  bool usable(std::size_t region) const;
  const RegionFilter* closing(std::size_t region) const;
  void settle_filters();
  bool at_home(std::size_t home, bool alternative);
  void started(std::size_t home, IncidentId cause);
  void came_home(std::size_t home);
  void look_home(RegionId home);
  IncidentId cause_of(std::size_t region) const;
  LiveCauses tuned_;  // for what has no other cause
  Shares shares_for(std::size_t home, const Shares& weight, bool stay) const;
  std::vector<Shares> waterfall(const Shares& weight, const std::vector<char>& stay) const;
  std::vector<Shares> by_priority(const Shares& weight, const std::vector<char>& stay) const;
  std::vector<u32> near_to_far(std::size_t home) const;
  RegionRoute anycast(RegionId home, ClientNetwork client);
  bool admit_foreign(RegionId region);

  World& world_;
  const std::string path_;
  GlobalBalancerParams params_;
  const NetworkPort& network_;
  ComponentId component_;
  std::vector<Region> regions_;
  std::vector<Home> homes_;
  AnswerHistory answers_;
  StreamKey probe_loss_;
  std::vector<RegionFilter*> filters_;
  EventHandle filter_due_, measure_;
  Instant measured_at_{};
  double endpoint_rate_ = 1, rate_factor_ = 1;  // the configured one at the start; now, over that
  u64 salt_ = 0;
  u64 routed_ = 0, moved_ = 0, refused_ = 0, nowhere_ = 0, failovers_ = 0;
};

}  // namespace stampede
