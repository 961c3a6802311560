#include "models/cluster/autoscaler_params.h"

namespace stampede::cluster {

void ScalingPolicyParams::describe(Schema<ScalingPolicyParams>& s) {
  using P = ScalingPolicyParams;
  s.name("scaling_policy");
  s.field("pods", &P::pods)
      .live()
      .help("pods that may be added or removed in one period")
      .range(0, 1e6);
  s.field("percent", &P::percent)
      .live()
      .help("percent of the replicas that may be added or removed in one period")
      .range(0, 1e6);
  s.field("period", &P::period)
      .live()
      .help("period of the limit")
      .range(1, 1800)
      .source("autoscaling/v2: its default");
}

void ScalingRulesParams::describe(Schema<ScalingRulesParams>& s) {
  using P = ScalingRulesParams;
  s.name("scaling_rules");
  s.field("stabilization_window", &P::stabilization_window)
      .live()
      .help(
          "window of recommendations; absent: 0 s for scaling up, 300 s (the flag) for scaling "
          "down")
      .range(0, 3600)
      .source("autoscaling/v2: its default");
  s.field("select_policy", &P::select_policy)
      .live()
      .help("which scaling policy counts")
      .source("autoscaling/v2: its default");
  s.field("policies", &P::policies)
      .help("scaling policies, which limit the rate; none: the defaults of the API");
  s.field("tolerance", &P::tolerance)
      .live()
      .help("tolerance in this direction; absent: that of the flag")
      .range(0, 1);
}

void MetricParams::describe(Schema<MetricParams>& s) {
  using P = MetricParams;
  s.name("scaling_metric");
  s.field("name", &P::name).help("its name in messages");
  s.field("source", &P::source).help("where the autoscaler reads it: the `type` of a metric");
  s.field("query", &P::query)
      .required()
      .help(
          "what it is, in the part of PromQL that docs/models/autoscaler.md lists; of a resource: "
          "cpu or memory; `unreadable`: nobody answers");
  s.field("target", &P::target)
      .help("what the target is of: percent of the request, each pod, or all together");
  s.field("value", &P::value)
      .live()
      .help("the target itself; of a utilization in percent")
      .at_least(0);
  s.field("zero_if_absent", &P::zero_if_absent)
      .help("whether a query without a result counts as 0 instead of unreadable")
      .source("KEDA: ignoreNullValues");
  s.field("activation", &P::activation)
      .help("with `keda`: the value above which the trigger is active")
      .source("KEDA: activationThreshold");
}

void KedaParams::describe(Schema<KedaParams>& s) {
  using P = KedaParams;
  const char* source = "KEDA: ScaledObject, its default";
  s.name("keda");
  s.field("polling_interval", &P::polling_interval)
      .live()
      .help("time between two looks at whether a trigger is active")
      .range(1, 3600)
      .source(source);
  s.field("cooldown", &P::cooldown)
      .live()
      .help("how long no trigger was active before the last pod, or all but the idle ones, go")
      .range(0, 86400)
      .source(source);
  s.field("initial_cooldown", &P::initial_cooldown)
      .live()
      .help("the same from the start of the run, before a trigger was ever active")
      .range(0, 86400)
      .source(source);
  s.field("min_replicas", &P::min_replicas)
      .live()
      .help("minReplicaCount: 0 lets KEDA take the last pod away; above, the autoscaler's counts")
      .range(0, 1e6)
      .source(source)
      .scales();
  s.field("idle_replicas", &P::idle_replicas)
      .live()
      .help("idleReplicaCount: pods while no trigger is active; null: min_replicas")
      .range(0, 1e6)
      .scales();
  s.field("fallback_failures", &P::fallback_failures)
      .live()
      .help("failureThreshold: readings in a row that must fail before the fallback; 0: none")
      .range(0, 1e6);
  s.field("fallback_replicas", &P::fallback_replicas)
      .live()
      .help("replicas that a trigger asks for while it cannot be read")
      .range(0, 1e6)
      .scales();
  s.field("fallback", &P::fallback)
      .live()
      .help("whether the present replicas count instead: always, or if they are more or fewer")
      .source(source);
}

void AutoscalerParams::describe(Schema<AutoscalerParams>& s) {
  using P = AutoscalerParams;
  const char* flags = "Kubernetes: flag of kube-controller-manager";
  s.name("autoscaler");
  s.field("enabled", &P::enabled).live().help("whether the autoscaler runs at the start");
  s.field("min_replicas", &P::min_replicas)
      .live()
      .help("spec.minReplicas")
      .range(0, 1e6)
      .source("Kubernetes: pkg/apis/autoscaling/v2/defaults.go, 1")
      .scales();
  s.field("max_replicas", &P::max_replicas).live().help("spec.maxReplicas").range(1, 1e6).scales();
  s.field("cpu_utilization_percent", &P::cpu_utilization_percent)
      .live()
      .help("Resource metric: target of front-end CPU in percent of the request; 0: none")
      .range(0, 1000)
      .source("autoscaling/v2: 80 % CPU if no metric is given");
  s.field("waiting_requests", &P::waiting_requests)
      .live()
      .help("Pods metric: target of waiting requests for each pod (averageValue); 0: none")
      .range(0, 1e6);
  s.field("waiting_window", &P::waiting_window)
      .live()
      .help("time over which scrapes of waiting requests are averaged; 0: only the last one counts")
      .range(0, 3600)
      .source("Prometheus: avg_over_time; vLLM production-stack: 0");
  s.field("metrics", &P::metrics).help("further metrics; the largest answer of all counts");
  s.field("scale_up", &P::scale_up).help("spec.behavior.scaleUp");
  s.field("scale_down", &P::scale_down).help("spec.behavior.scaleDown");
  s.field("keda", &P::keda).help("what KEDA adds: scaling to and from zero, fallback");
  s.field("sync_period", &P::sync_period)
      .live()
      .help("time between two passes of the controller")
      .range(1, 600)
      .source(flags);
  s.field("tolerance", &P::tolerance)
      .live()
      .help("deviation from 1 up to which the ratio changes nothing")
      .range(0, 1)
      .source(flags);
  s.field("downscale_stabilization", &P::downscale_stabilization)
      .live()
      .help("default window of recommendations for scaling down")
      .range(0, 3600)
      .source(flags);
  s.field("cpu_initialization", &P::cpu_initialization)
      .live()
      .help(
          "age below which the CPU of a pod counts only if it was sampled while the pod was ready")
      .range(0, 3600)
      .source(flags);
  s.field("readiness_delay", &P::readiness_delay)
      .live()
      .help("time after a pod's start in which changes of its readiness count as initial readiness")
      .range(0, 3600)
      .source(flags);
}

}  // namespace stampede::cluster
