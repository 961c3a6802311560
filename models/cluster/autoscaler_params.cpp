#include "models/cluster/autoscaler_params.h"

namespace stampede::cluster {

void ScalingPolicyParams::describe(Schema<ScalingPolicyParams>& s) {
  using P = ScalingPolicyParams;
  s.name("scaling_policy");
  s.field("pods", &P::pods).help("pods that may be added or removed in a period").range(0, 1e6);
  s.field("percent", &P::percent).help("percent of the replicas, likewise").range(0, 1e6);
  s.field("period", &P::period)
      .help("span the limit refers to")
      .range(1, 1800)
      .source("autoscaling/v2 defaults");
}

void ScalingRulesParams::describe(Schema<ScalingRulesParams>& s) {
  using P = ScalingRulesParams;
  s.name("scaling_rules");
  s.field("stabilization_window", &P::stabilization_window)
      .help("look-back of recommendations; absent: 0 s up, the flag's 300 s down")
      .range(0, 3600)
      .source("autoscaling/v2 defaults");
  s.field("select_policy", &P::select_policy)
      .help("which policy counts")
      .source("autoscaling/v2 defaults");
  s.field("policies", &P::policies).help("limits on the rate; none: the API's defaults");
  s.field("tolerance", &P::tolerance).help("of this direction; absent: the flag").range(0, 1);
}

void AutoscalerParams::describe(Schema<AutoscalerParams>& s) {
  using P = AutoscalerParams;
  const char* flags = "kube-controller-manager flags, k8s.io/kubernetes v1.28";
  s.name("autoscaler");
  s.field("enabled", &P::enabled).help("does it run at the start");
  s.field("min_replicas", &P::min_replicas).help("spec.minReplicas").range(0, 1e6);
  s.field("max_replicas", &P::max_replicas).help("spec.maxReplicas").range(1, 1e6);
  s.field("cpu_utilization_percent", &P::cpu_utilization_percent)
      .help("Resource metric: front-end CPU in percent of the request; 0 = none")
      .range(0, 1000)
      .source("the published account of the reference outage: 80 %");
  s.field("waiting_requests", &P::waiting_requests)
      .help("Pods metric: waiting requests a pod (averageValue); 0 = none")
      .range(0, 1e6);
  s.field("waiting_window", &P::waiting_window)
      .help("scrapes of waiting requests are averaged over so long; 0: the last one alone")
      .range(0, 3600)
      .source("Prometheus avg_over_time; 0 is vLLM production-stack's trigger");
  s.field("scale_up", &P::scale_up).help("spec.behavior.scaleUp");
  s.field("scale_down", &P::scale_down).help("spec.behavior.scaleDown");
  s.field("sync_period", &P::sync_period).help("between passes").range(1, 600).source(flags);
  s.field("tolerance", &P::tolerance).help("ratio's dead band").range(0, 1).source(flags);
  s.field("downscale_stabilization", &P::downscale_stabilization)
      .help("default look-back of scaling down")
      .range(0, 3600)
      .source(flags);
  s.field("cpu_initialization", &P::cpu_initialization)
      .help("CPU of pods younger than this needs a sample taken while ready")
      .range(0, 3600)
      .source(flags);
  s.field("readiness_delay", &P::readiness_delay)
      .help("readiness changes this early do not count as having been ready")
      .range(0, 3600)
      .source(flags);
}

}  // namespace stampede::cluster
