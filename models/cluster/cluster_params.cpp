#include "models/cluster/cluster_params.h"

#include "sim/registry.h"

namespace stampede {
namespace cluster {

void ControllerParams::describe(Schema<ControllerParams>& s) {
  using P = ControllerParams;
  const char* kcm = "kube-controller-manager defaults, k8s.io/kubernetes v1.28";
  const char* scheduler = "pkg/scheduler/apis/config/v1/defaults.go";
  s.name("controllers");
  s.field("controller_limit", &P::controller_limit)
      .help("client limit of the controller manager")
      .range(0.1, 1e5)
      .source(kcm);
  s.field("controller_burst", &P::controller_burst).help("its burst").range(1, 1e6).source(kcm);
  s.field("share_controller_limit", &P::share_controller_limit)
      .help("one bucket for all controllers of the manager, or one each");
  s.field("create_burst", &P::create_burst)
      .help("most pods created or deleted in one pass of a replica set")
      .range(1, 1e5)
      .source("pkg/controller/replicaset/replica_set.go BurstReplicas");
  s.field("retry_first", &P::retry_first)
      .help("first delay of a failed key, doubling")
      .range(1e-6, 10)
      .source("client-go util/workqueue/default_rate_limiters.go");
  s.field("retry_longest", &P::retry_longest)
      .help("its longest")
      .range(1e-3, 1e4)
      .source("client-go util/workqueue/default_rate_limiters.go");
  s.field("expectations_timeout", &P::expectations_timeout)
      .help("after which a replica set no longer waits to see what it wrote")
      .range(1, 3600)
      .source("pkg/controller/controller_utils.go ExpectationsTimeout");
  s.field("scheduler_limit", &P::scheduler_limit)
      .help("client limit of the scheduler")
      .range(0.1, 1e5)
      .source(scheduler);
  s.field("scheduler_burst", &P::scheduler_burst).help("its burst").range(1, 1e6).source(scheduler);
  s.field("schedule_time", &P::schedule_time)
      .help("one attempt to place a GPU pod")
      .range(1e-5, 10)
      .source("scheduler_perf, extended resource: 180 pods/s");
  s.field("unschedulable_backoff_first", &P::unschedulable_backoff_first)
      .help("of a pod that found no node, doubling")
      .range(0.001, 600)
      .source(scheduler);
  s.field("unschedulable_backoff_longest", &P::unschedulable_backoff_longest)
      .help("its longest")
      .range(0.001, 3600)
      .source(scheduler);
  s.field("unschedulable_flush", &P::unschedulable_flush)
      .help("pods parked this long are tried again without a reason")
      .range(1, 3600)
      .source("pkg/scheduler/internal/queue/scheduling_queue.go");
  s.field("informer_lag", &P::informer_lag)
      .help("from the API server's watch to a controller's or kubelet's cache")
      .range(0, 60);
  s.field("operator_retry", &P::operator_retry)
      .help("pause of an operator whose scale command was refused before the next try")
      .range(0.1, 3600);
  s.field("pod_size", &P::pod_size)
      .help("one revision of a pod object; a Pending pod is two of them and an event")
      .range(100, 1.5e6);
  s.field("event_size", &P::event_size).help("an event object").range(100, 1.5e6);
  s.field("small_object_size", &P::small_object_size)
      .help("a replica set, deployment, scale or autoscaler object")
      .range(100, 1.5e6);
}

void StartParams::describe(Schema<StartParams>& s) {
  using P = StartParams;
  s.name("pod_start");
  s.field("image_cached", &P::image_cached).help("nodes hold the image already");
  s.field("image_size", &P::image_size)
      .help("container image")
      .range(0, 1e13)
      .source("published images of 10-20 GB");
  s.field("registry_bandwidth", &P::registry_bandwidth)
      .help("of the region's registry, shared by all pulls")
      .range(1e6, 1e13);
  s.field("image_bandwidth", &P::image_bandwidth)
      .help("most a single pull and unpack achieves")
      .range(1e6, 1e12);
  s.field("container_start", &P::container_start).help("sandbox and container").range(0, 600);
  s.field("weights_source", &P::weights_source).help("where a pod reads its weights");
  s.field("weights_size", &P::weights_size)
      .help("bytes a pod loads: an eighth of 690 GB a node")
      .range(0, 1e14);
  s.field("node_bandwidth", &P::node_bandwidth)
      .help("local disk of a node, shared by its pods")
      .range(1e6, 1e13);
  s.field("pod_bandwidth", &P::pod_bandwidth)
      .help("most a single pod achieves: its GPU's share of the node")
      .range(1e6, 1e13);
  s.field("store_bandwidth", &P::store_bandwidth)
      .help("shared store of the region, shared by all loading pods")
      .range(1e6, 1e14);
  s.field("warm_up_median", &P::warm_up_median)
      .help("compilation, graphs, first batch; lognormal")
      .range(0, 1e4)
      .source("published start logs: 53 + 63 + 77 s at 14B, about 300 s at 35B");
  s.field("warm_up_sigma", &P::warm_up_sigma).help("of its logarithm").range(0, 3);
}

void KubeletParams::describe(Schema<KubeletParams>& s) {
  using P = KubeletParams;
  const char* probe = "core/v1 probe defaults";
  const char* lease = "pkg/kubelet, component-helpers lease/controller.go";
  s.name("kubelet");
  s.field("probe_period", &P::probe_period).help("readiness probe").range(0.1, 600).source(probe);
  s.field("status_resync", &P::status_resync)
      .help("between attempts to write statuses that are not yet committed")
      .range(0.1, 600)
      .source("pkg/kubelet/status/status_manager.go syncPeriod");
  s.field("probe_failures", &P::probe_failures)
      .help("in a row to NotReady")
      .range(1, 1000)
      .source(probe);
  s.field("probe_successes", &P::probe_successes)
      .help("in a row to Ready")
      .range(1, 1000)
      .source(probe);
  s.field("liveness_failures", &P::liveness_failures)
      .help("failures in a row after which the container is restarted; 0 = no liveness probe")
      .range(0, 1000);
  s.field("startup_deadline", &P::startup_deadline)
      .help("a container not serving by then is restarted; 0 = never")
      .range(0, 1e5);
  s.field("restart_backoff_first", &P::restart_backoff_first)
      .help("before a restart, doubling")
      .range(0, 600)
      .source("pkg/kubelet: 10 s doubling to 5 min");
  s.field("restart_backoff_longest", &P::restart_backoff_longest)
      .help("its longest")
      .range(0, 3600)
      .source("pkg/kubelet: 10 s doubling to 5 min");
  s.field("termination", &P::termination)
      .help("from the kill signal to the end of the container")
      .range(0, 3600);
  s.field("event_burst", &P::event_burst)
      .help("events on one object before the spam filter closes")
      .range(1, 1e5)
      .source("client-go tools/record/events_cache.go");
  s.field("event_refill", &P::event_refill)
      .help("for one more event")
      .range(0.01, 1e5)
      .source("client-go tools/record/events_cache.go");
  s.field("lease_period", &P::lease_period)
      .help("node lease renewal")
      .range(0.1, 600)
      .source(lease);
  s.field("lease_deadline", &P::lease_deadline).help("of one try").range(0.1, 600).source(lease);
  s.field("lease_jitter", &P::lease_jitter).help("added to the period").range(0, 1).source(lease);
  s.field("lease_tries", &P::lease_tries).help("back to back").range(1, 100).source(lease);
  s.field("lease_backoff_first", &P::lease_backoff_first)
      .help("between reads of the lease after failed renewals, doubling")
      .range(0.001, 60)
      .source(lease);
  s.field("lease_backoff_longest", &P::lease_backoff_longest)
      .help("its longest")
      .range(0.001, 600)
      .source(lease);
  s.field("lease_size", &P::lease_size).help("a lease object").range(10, 1e6);
  s.field("node_status_period", &P::node_status_period)
      .help("between unchanged node statuses")
      .range(1, 3600)
      .source("kubelet nodeStatusReportFrequency");
  s.field("node_status_size", &P::node_status_size).help("a node object").range(100, 1.5e6);
}

void EndpointParams::describe(Schema<EndpointParams>& s) {
  using P = EndpointParams;
  const char* slices = "pkg/controller/endpointslice";
  s.name("endpoints");
  s.field("batch_period", &P::batch_period)
      .help("changes collected per write")
      .range(0, 600)
      .source(slices);
  s.field("slice_endpoints", &P::slice_endpoints)
      .help("in one slice")
      .range(1, 1000)
      .source(slices);
  s.field("slice_size", &P::slice_size).help("of a slice without endpoints").range(0, 1e6);
  s.field("endpoint_size", &P::endpoint_size)
      .help("of one endpoint: 100 make 15 to 25 KB")
      .range(1, 1e5);
  s.field("retry_first", &P::retry_first)
      .help("after a failed write, doubling")
      .range(0.001, 600)
      .source(slices);
  s.field("retry_longest", &P::retry_longest).help("its longest").range(0.01, 1e4).source(slices);
  s.field("watch_lag", &P::watch_lag)
      .help("from the API server's watch to the data plane")
      .range(0, 600);
  s.field("sync_period", &P::sync_period)
      .help("shortest time between two changes of the data plane")
      .range(0, 600)
      .source("kube-proxy minSyncPeriod");
  s.field("publish_not_ready", &P::publish_not_ready)
      .help("service.spec.publishNotReadyAddresses: pods stay endpoints whatever their probes say");
}

void NodeLifecycleParams::describe(Schema<NodeLifecycleParams>& s) {
  using P = NodeLifecycleParams;
  const char* source = "pkg/controller/nodelifecycle/node_lifecycle_controller.go";
  s.name("node_lifecycle");
  s.field("scan_period", &P::scan_period).help("of all nodes").range(0.1, 600).source(source);
  s.field("grace", &P::grace).help("without a lease to NotReady").range(1, 3600).source(source);
  s.field("toleration", &P::toleration)
      .help("of pods on a NotReady node")
      .range(0, 1e5)
      .source("default toleration 300 s");
  s.field("partial_disruption", &P::partial_disruption)
      .help("share of NotReady nodes above which evictions slow down")
      .range(0, 1)
      .source(source);
  s.field("eviction_rate", &P::eviction_rate).help("nodes, normally").range(0, 1e4).source(source);
  s.field("partial_eviction_rate", &P::partial_eviction_rate)
      .help("nodes, in a partial disruption of a large zone; none in a small or a full one")
      .range(0, 1e4)
      .source(source);
  s.field("large_zone", &P::large_zone).help("more nodes than this").range(0, 1e6).source(source);
}

void WorkloadParams::describe(Schema<WorkloadParams>& s) {
  using P = WorkloadParams;
  s.name("workload");
  s.field("name", &P::name).help("of the deployment");
  s.field("replicas", &P::replicas).help("at the start").range(0, 1e6);
  s.field("gpu_limit", &P::gpu_limit)
      .help("GPUs of the node group that is this workload's own; 0: any free GPU will do")
      .range(0, 1e6);
  s.field("gpus_per_pod", &P::gpus_per_pod).help("GPUs of one pod").range(1, 64);
  s.field("cpu_request_milli", &P::cpu_request_milli)
      .help("front end's CPU request [millicores]")
      .range(1, 1e6);
  s.field("autoscaler", &P::autoscaler)
      .help("its HorizontalPodAutoscaler, or {manifest: FILE} with one as Kubernetes takes it");
}

}  // namespace cluster

void ClusterParams::describe(Schema<ClusterParams>& s) {
  using P = ClusterParams;
  s.name("cluster");
  s.field("nodes", &P::nodes).help("GPU nodes").range(1, 1e5);
  s.field("gpus_per_node", &P::gpus_per_node).help("GPUs of a node").range(1, 64);
  s.field("missing_gpus", &P::missing_gpus).help("GPUs that the last node lacks").range(0, 63);
  s.field("zombie_share", &P::zombie_share)
      .help("share of the serving pods above which `zombie_pods` is an incident")
      .range(0, 1);
  s.field("zombie_minimum", &P::zombie_minimum).help("and at least so many").range(1, 1e6);
  s.field("zombie_after", &P::zombie_after)
      .help("ready but not routable for so long; beyond the 30 s of `control_plane_frozen`")
      .range(0, 3600);
  s.field("scale_up_alarm", &P::scale_up_alarm)
      .help("`scale_up_requested` is an incident beyond the region's GPUs by more than this share")
      .range(0, 100);
  s.field("scrape_period", &P::scrape_period)
      .help("of the metrics server")
      .range(1, 600)
      .source("metrics-server manifests, --metric-resolution=15s");
  s.field("controllers", &P::controllers).help("controller manager and scheduler");
  s.field("start", &P::start).help("how a pod starts");
  s.field("kubelet", &P::kubelet).help("probes, statuses, leases");
  s.field("endpoints", &P::endpoints).help("endpoint slices");
  s.field("node_lifecycle", &P::node_lifecycle).help("lost nodes and evictions");
  s.field("workloads", &P::workloads).help("deployments: 0 prefill or mixed, 1 decode");
}

static const Register<ClusterParams> registered{
    "model", "cluster", "a region's Kubernetes cluster: pods, nodes, endpoints, autoscaler",
    "kubernetes v1.28 controllers"};

}  // namespace stampede
