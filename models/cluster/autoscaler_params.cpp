#include "models/cluster/autoscaler_params.h"

namespace stampede::cluster {

void ScalingPolicyParams::describe(Schema<ScalingPolicyParams>& s) {
  using P = ScalingPolicyParams;
  s.name("scaling_policy");
  s.field("pods", &P::pods).help("pods that may be added or removed in one period").range(0, 1e6);
  s.field("percent", &P::percent)
      .help("percent of the replicas that may be added or removed in one period")
      .range(0, 1e6);
  s.field("period", &P::period)
      .help("period of the limit")
      .range(1, 1800)
      .source("autoscaling/v2: its default");
}

void ScalingRulesParams::describe(Schema<ScalingRulesParams>& s) {
  using P = ScalingRulesParams;
  s.name("scaling_rules");
  s.field("stabilization_window", &P::stabilization_window)
      .help(
          "window of recommendations; absent: 0 s for scaling up, 300 s (the flag) for scaling "
          "down")
      .range(0, 3600)
      .source("autoscaling/v2: its default");
  s.field("select_policy", &P::select_policy)
      .help("which scaling policy counts")
      .source("autoscaling/v2: its default");
  s.field("policies", &P::policies)
      .help("scaling policies, which limit the rate; none: the defaults of the API");
  s.field("tolerance", &P::tolerance)
      .help("tolerance in this direction; absent: that of the flag")
      .range(0, 1);
}

void AutoscalerParams::describe(Schema<AutoscalerParams>& s) {
  using P = AutoscalerParams;
  const char* flags = "Kubernetes: flag of kube-controller-manager";
  s.name("autoscaler");
  s.field("enabled", &P::enabled).help("whether the autoscaler runs at the start");
  s.field("min_replicas", &P::min_replicas).help("spec.minReplicas").range(0, 1e6).scales();
  s.field("max_replicas", &P::max_replicas).help("spec.maxReplicas").range(1, 1e6).scales();
  s.field("cpu_utilization_percent", &P::cpu_utilization_percent)
      .help("Resource metric: target of front-end CPU in percent of the request; 0: none")
      .range(0, 1000)
      .source("autoscaling/v2: 80 % CPU if no metric is given");
  s.field("waiting_requests", &P::waiting_requests)
      .help("Pods metric: target of waiting requests for each pod (averageValue); 0: none")
      .range(0, 1e6);
  s.field("waiting_window", &P::waiting_window)
      .help("time over which scrapes of waiting requests are averaged; 0: only the last one counts")
      .range(0, 3600)
      .source("Prometheus: avg_over_time; vLLM production-stack: 0");
  s.field("scale_up", &P::scale_up).help("spec.behavior.scaleUp");
  s.field("scale_down", &P::scale_down).help("spec.behavior.scaleDown");
  s.field("sync_period", &P::sync_period)
      .help("time between two passes of the controller")
      .range(1, 600)
      .source(flags);
  s.field("tolerance", &P::tolerance)
      .help("deviation from 1 up to which the ratio changes nothing")
      .range(0, 1)
      .source(flags);
  s.field("downscale_stabilization", &P::downscale_stabilization)
      .help("default window of recommendations for scaling down")
      .range(0, 3600)
      .source(flags);
  s.field("cpu_initialization", &P::cpu_initialization)
      .help(
          "age below which the CPU of a pod counts only if it was sampled while the pod was ready")
      .range(0, 3600)
      .source(flags);
  s.field("readiness_delay", &P::readiness_delay)
      .help("time after a pod's start in which changes of its readiness count as initial readiness")
      .range(0, 3600)
      .source(flags);
}

}  // namespace stampede::cluster
