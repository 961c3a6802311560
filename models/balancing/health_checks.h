// Checks of the servers of each region, by a checker with so many workers, and what follows from
// them: servers, zones and regions are taken out, prefixes are withdrawn.
// State: of a server as in probe_fsm.h; a server that joins is used after `rise` checks; of a
//   pool NORMAL -share of well servers below panic_below-> PANIC (all are used) -> NORMAL; of a
//   region OPEN -below region_below-> CLOSED -> OPEN; ANNOUNCED -> WITHDRAWN -> ANNOUNCED.
// A check waits for a worker; its result counts from when it was due, so that a checker with too
// much to do finds servers unwell that are well.
// Incidents: targets_out and targets_back of a pool, panic_routing and panic_over, region_unhealthy
//   and region_healthy, checker_overloaded and checker_caught_up; prefixes by the network's own.
// Source: Envoy (panic threshold), Route 53 (rise, fall), AWS 2025-10-20 (a checker under load
//   fails servers that are well), Facebook 2021-10-04 (sites withdraw themselves without a
//   backbone).
// Limits: a checker stands in its region and reaches every server whose host is reached; a server
//   is asked again only after the last check of it has ended.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/balancing/health_check_params.h"
#include "models/balancing/probe_fsm.h"
#include "models/ports/endpoint_filter_port.h"
#include "models/ports/network_port.h"
#include "models/ports/node_control_port.h"
#include "models/ports/pod_control_port.h"
#include "models/ports/region_filter_port.h"
#include "models/ports/routing_control_port.h"
#include "models/ports/server_check_port.h"
#include "sim/world.h"

namespace stampede {

class GlobalBalancer;

class HealthChecks final : public Component, public RegionFilter {
 public:
  struct Wiring {
    ServerCheckPort* servers = nullptr;
    const PodControlPort* pods = nullptr;
    const NodeControlPort* nodes = nullptr;
  };
  // `params` outlive the run and may change while it goes on.
  HealthChecks(World& world, const HealthCheckParams& params, const NetworkPort& network,
               RoutingControlPort& routing, GlobalBalancer& balancer, std::size_t regions);
  std::unique_ptr<EndpointFilter> filter_for(RegionId region, WorkloadId workload);
  void connect(RegionId region, const Wiring& wiring);
  void start();
  void handle(const Event& event) override;

  // RegionFilter
  void ended(RegionId, Outcome, IncidentId) override {}
  bool changed() const override { return false; }  // whoever changes it says so at once
  void settle() override {}
  bool open(RegionId region) const override { return regions_[region].closed_by == kNoIncident; }
  IncidentId closed_by(RegionId region) const override { return regions_[region].closed_by; }

 private:
  class PoolFilter;
  enum Kind : u8 { kDue, kDone, kSurvey };
  struct Target {
    ProbeFsm probe{ProbeFsm::Limits{}};
    WorkloadId workload = 0;
    u32 zone = 0, asked = 0;
    bool listed = false, waits = false, scheduled = false;
    bool used = false;  // ever well: from then on a server of the region
    CheckAnswer answer{};
    Instant due{}, flipped{};
    IncidentId cause = kNoIncident;  // of its last failure
  };
  struct Pool {
    std::vector<PodId> listed;
    IncidentId out = kNoIncident, panic = kNoIncident;
  };
  struct Region {
    Wiring wiring{};
    std::vector<Target> targets{};  // [pod]
    std::vector<Pool> pools{};      // [workload]
    std::deque<PodId> waiting{};
    i32 busy = 0;
    IncidentId closed_by = kNoIncident, pushed = kNoIncident;
    IncidentId overloaded = kNoIncident, last_silent = kNoIncident;
    Instant last_late{};
    u32 cut_off = 0, reached = 0;  // surveys in a row
    u64 checks = 0, failed = 0, late = 0;
  };
  Pool& pool(RegionId region, WorkloadId workload);
  void follow(RegionId region, WorkloadId workload, const std::vector<PodId>& pods);
  void filter(RegionId region, WorkloadId workload, std::vector<PodId>& pods);
  void take_out_zones(const Region& r, std::vector<PodId>& pods) const;
  void say(Region& r, WorkloadId workload, bool panics, std::size_t out, IncidentId cause);
  void due(RegionId region, PodId pod);
  void pump(RegionId region);
  void done(RegionId region, PodId pod);
  bool judge(Region& r, RegionId region, Target& target);
  void judge_region(RegionId region);
  void survey(RegionId region);
  void withdraw(RegionId region, bool down, IncidentId cause);
  std::string path(RegionId region) const { return world_.region_name(region) + "/checks"; }

  World& world_;
  const HealthCheckParams& params_;
  const NetworkPort& network_;
  RoutingControlPort& routing_;
  GlobalBalancer& balancer_;
  ComponentId component_;
  StreamKey draws_;
  std::vector<Region> regions_;
};

}  // namespace stampede
