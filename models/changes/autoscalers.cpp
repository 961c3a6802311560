// The clusters' autoscalers, stopped and started by hand.
#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

// Stopping means that somebody also takes back what was asked for beyond the fleet, and stays at it
// while the write is refused. False: nothing is different now.
bool stop(AutoscalerControlPort& cluster, IncidentId cause) {
  bool any = cluster.set_autoscaler_enabled(false, cause);
  for (WorkloadId w = 0; w < cluster.workloads(); ++w)
    if (const i32 fleet = cluster.fleet(w); cluster.desired(w) > fleet) {
      cluster.scale(w, fleet, cause);
      any = true;
    }
  return any;
}

// False: nothing is different now.
bool restart(AutoscalerControlPort& cluster, bool pin_to_fleet, IncidentId cause) {
  for (WorkloadId w = 0; pin_to_fleet && w < cluster.workloads(); ++w)
    cluster.bound_autoscaler(w, cluster.fleet(w), cluster.fleet(w));
  return cluster.set_autoscaler_enabled(true, cause) || pin_to_fleet;
}

const RegisterAction<OnRegions> stop_autoscaler{
    "stop_autoscaler",
    "the autoscalers are stopped; what they asked for beyond the fleet is taken back as soon as "
    "possible",
    "", [](const OnRegions& p, const Act& act) -> Effect {
      bool any = false;
      for (const RegionId r : regions_in(act.scene, p.target))
        any |= stop(*act.scene.autoscalers[r], act.root);
      return {.nothing = !any};
    }};

struct RestartParams {
  RegionTarget target;
  bool pin_to_fleet = false;
  static void describe(Schema<RestartParams>& s) {
    s.field("target", &RestartParams::target).help("where");
    s.field("pin_to_fleet", &RestartParams::pin_to_fleet)
        .help("minReplicas and maxReplicas are set to what the fleet holds");
  }
};

const RegisterAction<RestartParams> restart_autoscaler{
    "restart_autoscaler", "the autoscalers are started again", "",
    [](const RestartParams& p, const Act& act) -> Effect {
      bool any = false;
      for (const RegionId r : regions_in(act.scene, p.target))
        any |= restart(*act.scene.autoscalers[r], p.pin_to_fleet, act.root);
      return {.nothing = !any};
    }};

struct ScaleParams {
  PoolTarget target;
  i32 replicas = 1;
  static void describe(Schema<ScaleParams>& s) {
    s.field("target", &ScaleParams::target).help("which pools; left out: all");
    s.field("replicas", &ScaleParams::replicas)
        .required()
        .at_least(0)
        .scales()
        .help("pods that each pool is to have");
  }
};

const RegisterFault<ScaleParams> scale{
    "scale",
    "the pools' deployments are scaled by hand, again and again until it is taken; an autoscaler "
    "that runs goes on from there",
    "Kubernetes: kubectl scale", [](const ScaleParams& p, const Act& act) -> Heal {
      struct Before {
        AutoscalerControlPort* cluster;
        WorkloadId workload;
        i32 replicas;
      };
      std::vector<Before> scaled;
      for (const RegionId r : regions_in(act.scene, {p.target.region, p.target.site}))
        for (WorkloadId w = 0; w < act.scene.autoscalers[r]->workloads(); ++w) {
          if (!p.target.pool.empty() && act.scene.pools[w] != p.target.pool) continue;
          AutoscalerControlPort* cluster = act.scene.autoscalers[r];
          if (cluster->desired(w) == p.replicas) continue;
          scaled.push_back({cluster, w, cluster->desired(w)});
          cluster->scale(w, p.replicas, act.root);
        }
      if (scaled.empty()) return {};
      return [scaled](IncidentId healed) {
        for (const Before& b : scaled) b.cluster->scale(b.workload, b.replicas, healed);
      };
    }};

}  // namespace
}  // namespace stampede
