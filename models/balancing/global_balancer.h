// Decides to which region a client of a home region is sent, from probes of the regions and a view
// of each cluster's capacity that the control plane delivers.
// State: by region a probe machine (probe_fsm.h) and a view FRESH -ttl-> EXPIRED -delivery-> FRESH;
//   by home region AT_HOME -home unusable-> AWAY -home usable for the hold-down-> AT_HOME, and the
//   answers given so far (answer_history.h).
// Source: global load balancers as sold: Route 53 (probes from many vantage points, healthy above
//   18 % of them; TTL 60 s), Google serviceLbPolicy (waterfall), Envoy (slow start).
// Limits: probes see the path to a region, not its servers; a probe round has one verdict; one
//   capacity number a region; demand for the waterfall is what was offered in the last interval.
#pragma once
#include <string>
#include <vector>

#include "models/balancing/answer_history.h"
#include "models/balancing/probe_fsm.h"
#include "models/balancing/traffic_split.h"
#include "models/ports/attempts.h"
#include "sim/params.h"
#include "sim/world.h"

namespace stampede {

enum class BalancerMode : u8 {
  kDns,     // answers of the balancer, cached for a TTL
  kAnycast  // the nearest region that routing reaches, at once; knows no capacity
};
enum class RoutingRule : u8 { kWaterfall, kProportional };
enum class ViewExpiry : u8 {
  kFailOpen,   // go on with the last capacity known
  kFailClosed  // an expired region takes no traffic
};
template <>
struct ChoiceNames<BalancerMode> {
  static constexpr const char* type = "balancer_mode";
  static std::vector<std::string> names() { return {"dns", "anycast"}; }
};
template <>
struct ChoiceNames<RoutingRule> {
  static constexpr const char* type = "routing_rule";
  static std::vector<std::string> names() { return {"waterfall", "proportional"}; }
};
template <>
struct ChoiceNames<ViewExpiry> {
  static constexpr const char* type = "view_expiry";
  static std::vector<std::string> names() { return {"fail_open", "fail_closed"}; }
};

class GlobalBalancer : public BalancerPort, public Component {
 public:
  struct Params {
    Duration probe_interval = 10_s;
    Duration probe_timeout = 4_s;  // <= interval
    u32 rise = 3, fall = 3;
    u32 vantages = 16;
    Share healthy_above{0.18};
    Duration slow_start = 60_s;
    BalancerMode mode = BalancerMode::kDns;
    Duration ttl = 60_s;
    Share ttl_violators{0.05};
    Duration ttl_violator_tail = 30_min;
    RoutingRule rule = RoutingRule::kProportional;
    Share target_utilization{1.0};
    Share spill_cap{1.0};
    Duration spill_window = 1_s;
    Duration spill_retry_after{};
    bool sticky = true;
    Duration view_ttl{};
    ViewExpiry view_expiry = ViewExpiry::kFailOpen;
    Duration hold_down = 600_s;
    bool panic = true;
    static void describe(Schema<Params>& s);
  };

  // `capacity` [region]: what each cluster can serve at the start [requests/s]. Regions start
  // healthy. Errors: capacity or region count that does not fit is an invariant error.
  GlobalBalancer(World& world, std::string path, const Params& params, const NetworkPort& network,
                 std::vector<double> capacity);

  // Called for every attempt; no allocation.
  RegionRoute route(RegionId home, ClientNetwork client, u64 session_key) override;

  // A watch delivered a region's capacity [requests/s]; `cause` is what changed it.
  void capacity_changed(RegionId region, double ready_capacity, IncidentId cause);
  // The view was confirmed without a change.
  void view_refreshed(RegionId region);
  // Deliveries for a region stopped because of `cause`; remembered as the cause of an expiry.
  void view_stalled(RegionId region, IncidentId cause);

  Health health(RegionId region) const { return regions_[region].probe.health(); }
  bool view_expired(RegionId region) const { return regions_[region].expired; }
  // Share of new answers for `home` that name `region`.
  double share(RegionId home, RegionId region) const;

  void handle(const Event& event) override;

 private:
  enum Kind : u8 { kProbe, kProbeAnswered, kViewCheck, kRebuild, kMeasure };
  struct Region {
    ProbeFsm probe;
    double capacity = 0;
    Instant refreshed{};
    bool expired = false, timer = false;
    IncidentId view_cause = kNoIncident, unreachable = kNoIncident;
    // admitted foreign attempts in this and the previous window
    i64 window = 0;
    double current = 0, previous = 0;
  };
  struct Home {
    bool away = false;
    Instant usable_since{};  // kNever: the region is not usable
    IncidentId moved_by = kNoIncident;
    Instant last_moved{};
    u64 offered = 0, offered_before = 0;
    double demand = 0;  // [attempts/s], over the last interval
  };

  void probe(RegionId region);
  void answered(RegionId region, bool success, IncidentId cause);
  void fresh(RegionId region);
  void check_view(RegionId region);
  void rebuild();
  bool usable(std::size_t region) const;
  bool at_home(std::size_t home, bool alternative);
  void started(std::size_t home, IncidentId cause);
  IncidentId cause_of(std::size_t region) const;
  Shares shares_for(std::size_t home, const Shares& weight, bool stay) const;
  std::vector<Shares> waterfall(const Shares& weight, const std::vector<char>& stay) const;
  RegionRoute anycast(RegionId home, ClientNetwork client);
  bool admit_foreign(RegionId region);

  World& world_;
  const std::string path_;
  const Params params_;
  const NetworkPort& network_;
  ComponentId id_;
  std::vector<Region> regions_;
  std::vector<Home> homes_;
  AnswerHistory answers_;
  u64 salt_ = 0;
  u64 routed_ = 0, moved_ = 0, refused_ = 0, nowhere_ = 0, failovers_ = 0;
};

}  // namespace stampede
