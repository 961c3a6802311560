// The world of one scenario put together: every component built, wired and started, and the
// controls that operators and the timeline act through.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/balancing/global_balancer.h"
#include "models/balancing/replica_choice.h"
#include "models/clients/population.h"
#include "models/cluster/cluster.h"
#include "models/control_plane/api_server.h"
#include "models/kv_cache/kv_cache.h"
#include "models/network/network.h"
#include "models/operations/runbook.h"
#include "models/safety/safety_layer.h"
#include "models/serving/region.h"
#include "tools/world/scenario.h"

namespace stampede {

class Fleet final : public Controls {
 public:
  // `spec` has scale 1 (see scale.h); `log` (or null) hears of every request. Throws ScenarioError
  // for references to nothing.
  explicit Fleet(const Spec& spec, RequestLog* log = nullptr);
  void start();
  // Every few seconds of simulated time: what control loops outside the components need.
  void refresh_views();
  bool was_pushed(RegionId region) const { return ever_pushed_[region]; }
  IncidentId breaker_closed() const { return closed_; }

  // Controls
  RegionId region(const std::string& name) const override;
  std::size_t regions() const override { return spec.regions.size(); }
  void push_export_policy(RegionId region, const RoutingExport& policy) override;
  void restore_export_policy(RegionId region, IncidentId cause) override;
  void set_autoscaler(RegionId region, bool enabled, bool pin_to_fleet, IncidentId cause) override;
  Completion compact_defragment_disarm(RegionId region, IncidentId cause) override;
  void set_fsync_delay(RegionId region, Duration delay) override;
  void stall_disk(RegionId region, Duration during) override;
  Completion flush_cache(IncidentId cause) override;
  Completion bump_cache_epoch(IncidentId cause) override;
  Completion start_ramp(IncidentId cause) override;
  void open_breaker(IncidentId cause) override;
  double observed_success() const override { return service->observed_total(); }
  bool any_prefix_withdrawn() const override;
  bool frozen(RegionId region) const override { return api[region]->frozen(); }
  bool breaker_open() const override;
  bool autoscaler_stopped() const override;
  IncidentId latest(const std::string& topic) const override;

  const Spec spec;
  World world;
  AttemptPool attempts;
  std::unique_ptr<Network> network;
  std::unique_ptr<ServiceLevel> service;
  std::unique_ptr<GlobalBalancer> balancer;
  std::unique_ptr<KvCache> kv;
  std::unique_ptr<SafetyLayer> safety;
  std::vector<std::unique_ptr<Region>> region_planes;
  std::vector<std::unique_ptr<ApiServer>> api;
  std::vector<std::unique_ptr<Cluster>> clusters;
  std::unique_ptr<Population> clients;
  std::unique_ptr<Runbook> runbook;

 private:
  // What the balancer's watch on one cluster delivers: its routable pods as capacity.
  struct CapacityWatch final : EndpointConsumer {
    GlobalBalancer* balancer = nullptr;
    RegionId region = 0;
    double per_pod = 1;  // requests per second
    void endpoints_changed(WorkloadId workload, const std::vector<PodId>& routable,
                           IncidentId cause) override {
      if (workload == 0)
        balancer->capacity_changed(region, per_pod * static_cast<double>(routable.size()), cause);
    }
  };
  void check_target(const ActionSelection& action, const std::string& path) const;
  void build_region(std::size_t r, const std::vector<double>& served);
  void register_stats();

  std::vector<std::unique_ptr<ReplicaChoice>> choices_;
  std::vector<std::unique_ptr<CapacityWatch>> watches_;
  std::vector<IncidentId> pushed_;  // [region] the broken policy in force
  std::vector<bool> ever_pushed_;
  std::vector<bool> stopped_;  // [region] autoscaler stopped by hand
  IncidentId breaker_opened_ = kNoIncident, flushed_ = kNoIncident, closed_ = kNoIncident;
};

}  // namespace stampede
