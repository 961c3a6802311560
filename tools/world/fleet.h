// The world of one scenario put together: every component built, wired and started.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/balancing/capacity_watch.h"
#include "models/balancing/global_balancer.h"
#include "models/balancing/replica_choice.h"
#include "models/balancing/view_keeper.h"
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

class Fleet final {
 public:
  // `spec` has scale 1 (see scale.h); `log` (or null) hears of every request. Throws ScenarioError
  // for references to nothing.
  explicit Fleet(const Spec& spec, RequestLog* log = nullptr);
  void start();
  // Every few seconds of simulated time: what control loops outside the components need.
  void refresh_views();
  std::size_t regions() const { return spec.regions.size(); }

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
  void check_target(const ActionSelection& action, const std::string& path) const;
  void build_region(std::size_t r, const std::vector<double>& served);
  Scene scene() const;
  void register_stats();

  std::vector<std::unique_ptr<ReplicaChoice>> choices_;
  std::vector<std::unique_ptr<CapacityWatch>> watches_;
  std::unique_ptr<ViewKeeper> views_;
};

}  // namespace stampede
