// The clusters' autoscalers, stopped and started by hand.
#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

// Stopping means that somebody also takes back what was asked for beyond the fleet, and stays at it
// while the write is refused.
void stop(AutoscalerControlPort& cluster, IncidentId cause) {
  cluster.set_autoscaler_enabled(false, cause);
  for (WorkloadId w = 0; w < cluster.workloads(); ++w)
    if (const i32 fleet = cluster.fleet(w); cluster.desired(w) > fleet)
      cluster.scale(w, fleet, cause);
}

void restart(AutoscalerControlPort& cluster, bool pin_to_fleet, IncidentId cause) {
  for (WorkloadId w = 0; pin_to_fleet && w < cluster.workloads(); ++w)
    cluster.bound_autoscaler(w, cluster.fleet(w), cluster.fleet(w));
  cluster.set_autoscaler_enabled(true, cause);
}

const RegisterAction<OnRegions> stop_autoscaler{
    "stop_autoscaler",
    "the autoscalers are stopped; what they asked for beyond the fleet is taken back as soon as "
    "possible",
    "", [](const OnRegions& p, const Act& act) -> Effect {
      for (const RegionId r : regions_in(act.scene, p.target))
        stop(*act.scene.autoscalers[r], act.root);
      return {};
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
      for (const RegionId r : regions_in(act.scene, p.target))
        restart(*act.scene.autoscalers[r], p.pin_to_fleet, act.root);
      return {};
    }};

}  // namespace
}  // namespace stampede
