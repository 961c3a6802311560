#include "models/cluster/cluster_params.h"

#include "sim/registry.h"

namespace stampede {
namespace cluster {

void LeaderElectionParams::describe(Schema<LeaderElectionParams>& s) {
  using P = LeaderElectionParams;
  const char* source = "Kubernetes: client-go tools/leaderelection";
  s.field("enabled", &P::enabled)
      .fixed("which processes there are is settled at the start")
      .help(
          "whether the controller manager and the scheduler lead by a lease: who cannot renew it "
          "ends, and the next one lists all pods before it does anything");
  s.field("lease", &P::lease)
      .live()
      .range(1, 3600)
      .help("time without a renewal after which another process may take the lease")
      .source(source);
  s.field("renew_deadline", &P::renew_deadline)
      .live()
      .range(0.1, 3600)
      .help("time without a renewal after which the leading process ends")
      .source(source);
  s.field("retry", &P::retry)
      .live()
      .range(0.01, 600)
      .help("time between two tries to renew or to take the lease")
      .source(source);
}

void ControllerParams::describe(Schema<ControllerParams>& s) {
  using P = ControllerParams;
  const char* kcm = "Kubernetes: kube-controller-manager's defaults";
  const char* scheduler = "Kubernetes: pkg/scheduler/apis/config/v1/defaults.go";
  s.name("controllers");
  s.field("controller_limit", &P::controller_limit)
      .live()
      .help("calls a second that the controller manager may make")
      .range(0.1, 1e5)
      .source(kcm)
      .scales();
  s.field("controller_burst", &P::controller_burst)
      .live()
      .help("calls that it may make at once")
      .range(1, 1e6)
      .source(kcm)
      .scales();
  s.field("share_controller_limit", &P::share_controller_limit)
      .fixed("the clients of the controllers are made at the start")
      .help("whether all controllers of the manager share one rate limit, or each has its own");
  s.field("create_burst", &P::create_burst)
      .live()
      .help("most pods created or deleted in one pass of a replica set")
      .range(1, 1e5)
      .source("Kubernetes: pkg/controller/replicaset/replica_set.go, BurstReplicas")
      .scales();
  s.field("retry_first", &P::retry_first)
      .live()
      .help("delay before a failed object is tried again; it doubles")
      .range(1e-6, 10)
      .source("Kubernetes: client-go util/workqueue/default_rate_limiters.go");
  s.field("retry_longest", &P::retry_longest)
      .live()
      .help("longest delay")
      .range(1e-3, 1e4)
      .source("Kubernetes: client-go util/workqueue/default_rate_limiters.go");
  s.field("expectations_timeout", &P::expectations_timeout)
      .live()
      .help("time after which a replica set no longer waits to see its own writes")
      .range(1, 3600)
      .source("Kubernetes: pkg/controller/controller_utils.go, ExpectationsTimeout");
  s.field("scheduler_limit", &P::scheduler_limit)
      .live()
      .help("calls a second that the scheduler may make")
      .range(0.1, 1e5)
      .source(scheduler)
      .scales();
  s.field("scheduler_burst", &P::scheduler_burst)
      .live()
      .help("calls that it may make at once")
      .range(1, 1e6)
      .source(scheduler)
      .scales();
  s.field("schedule_time", &P::schedule_time)
      .live()
      .help("time of one attempt to place a GPU pod")
      .range(1e-5, 10)
      .source("Kubernetes: scheduler_perf, extended resource, 180 pods/s")
      .scales_inversely();
  s.field("unschedulable_backoff_first", &P::unschedulable_backoff_first)
      .live()
      .help("delay before a pod that found no node is tried again; it doubles")
      .range(0.001, 600)
      .source(scheduler);
  s.field("unschedulable_backoff_longest", &P::unschedulable_backoff_longest)
      .live()
      .help("longest delay")
      .range(0.001, 3600)
      .source(scheduler);
  s.field("unschedulable_flush", &P::unschedulable_flush)
      .live()
      .help("time after which waiting pods are tried again although nothing has changed")
      .range(1, 3600)
      .source("Kubernetes: pkg/scheduler/internal/queue/scheduling_queue.go");
  s.field("informer_lag", &P::informer_lag)
      .live()
      .help("delay from the API server's watch to the cache of a controller or kubelet")
      .range(0, 60);
  s.field("operator_retry", &P::operator_retry)
      .live()
      .help("time after which an operator repeats a scale command that was refused")
      .range(0.1, 3600);
  s.field("leader_election", &P::leader_election)
      .help("how the controller manager and the scheduler keep their lead");
  s.field("pod_size", &P::pod_size)
      .live()
      .help("size of one revision of a pod object; a Pending pod takes two of them and an event")
      .range(100, 1.5e6);
  s.field("event_size", &P::event_size).live().help("size of an event object").range(100, 1.5e6);
  s.field("small_object_size", &P::small_object_size)
      .live()
      .help("size of a replica set, deployment, scale or autoscaler object")
      .range(100, 1.5e6);
}

void StartParams::describe(Schema<StartParams>& s) {
  using P = StartParams;
  s.name("pod_start");
  s.field("image_cached", &P::image_cached).live().help("whether nodes have the image already");
  s.field("image_size", &P::image_size)
      .live()
      .help("size of the container image")
      .range(0, 1e13)
      .source("Start logs: 17 GB, images of vLLM servers are 10 to 20 GB");
  s.field("registry_bandwidth", &P::registry_bandwidth)
      .live()
      .help("bandwidth of the region's registry, shared by all pulls")
      .range(1e6, 1e13)
      .scales();
  s.field("image_bandwidth", &P::image_bandwidth)
      .live()
      .help("highest bandwidth of a single pull and unpack")
      .range(1e6, 1e12);
  s.field("container_start", &P::container_start)
      .live()
      .help("time to start sandbox and container")
      .range(0, 600);
  s.field("weights_source", &P::weights_source).live().help("where a pod reads its weights");
  s.field("weights_size", &P::weights_size)
      .live()
      .help("bytes that a pod loads")
      .range(0, 1e14)
      .source("Llama 3: 8 billion parameters in BF16, 16 GB");
  s.field("node_bandwidth", &P::node_bandwidth)
      .live()
      .help("bandwidth of a node's local disk, shared by its pods")
      .range(1e6, 1e13);
  s.field("pod_bandwidth", &P::pod_bandwidth)
      .live()
      .help("highest bandwidth of a single pod: its GPU's share of the node")
      .range(1e6, 1e13);
  s.field("store_bandwidth", &P::store_bandwidth)
      .live()
      .help("bandwidth of the region's shared store, shared by all pods that load")
      .range(1e6, 1e14)
      .scales();
  s.field("warm_up_median", &P::warm_up_median)
      .live()
      .help("median time for compilation, graphs and the first batch (lognormal)")
      .range(0, 1e4)
      .source("Start logs: 53 + 63 + 77 s at 14B, about 300 s at 35B");
  s.field("warm_up_sigma", &P::warm_up_sigma)
      .live()
      .help("standard deviation of the logarithm of the warm-up time")
      .range(0, 3);
}

void KubeletParams::describe(Schema<KubeletParams>& s) {
  using P = KubeletParams;
  const char* probe = "Kubernetes: pkg/apis/core/v1/defaults.go, probes";
  const char* lease = "Kubernetes: pkg/kubelet, component-helpers lease/controller.go";
  s.name("kubelet");
  s.field("probe_period", &P::probe_period)
      .live()
      .help("period of the readiness probe")
      .range(0.1, 600)
      .source(probe);
  s.field("status_resync", &P::status_resync)
      .live()
      .help("period at which the kubelet tries again to write statuses that are not committed")
      .range(0.1, 600)
      .source("Kubernetes: pkg/kubelet/status/status_manager.go, syncPeriod");
  s.field("probe_failures", &P::probe_failures)
      .live()
      .help("failed readiness probes in a row after which a pod is NotReady")
      .range(1, 1000)
      .source(probe);
  s.field("probe_successes", &P::probe_successes)
      .live()
      .help("successful readiness probes in a row after which a pod is Ready")
      .range(1, 1000)
      .source(probe);
  s.field("liveness_failures", &P::liveness_failures)
      .live()
      .help(
          "failed liveness probes in a row after which the container is restarted; 0: no liveness "
          "probe")
      .range(0, 1000)
      .source("Kubernetes: a container has no liveness probe unless it says one");
  s.field("startup_deadline", &P::startup_deadline)
      .live()
      .help("time after which a container that does not serve is restarted; 0: never")
      .range(0, 1e5);
  s.field("restart_backoff_first", &P::restart_backoff_first)
      .live()
      .help("delay before a restart, from the end of the old container; it doubles")
      .range(0, 600)
      .source("Kubernetes: pkg/kubelet, 10 s doubling to 5 min");
  s.field("restart_backoff_longest", &P::restart_backoff_longest)
      .live()
      .help("longest delay; a container that ran for twice as long starts with the first again")
      .range(0, 3600)
      .source(
          "Kubernetes: pkg/kubelet, 10 s doubling to 5 min; Kubernetes: client-go "
          "util/flowcontrol/backoff.go");
  s.field("restart_backoff_jitter", &P::restart_backoff_jitter)
      .live()
      .help(
          "each delay is longer by a share of itself, drawn anew up to this; 0%: none, as in "
          "Kubernetes")
      .range(0, 10)
      .source("Kubernetes: kubelet.go, a back-off without jitter");
  s.field("termination", &P::termination)
      .live()
      .help("time from the kill signal to the end of the container")
      .range(0, 3600);
  s.field("event_burst", &P::event_burst)
      .live()
      .help("events about one object before the spam filter drops more")
      .range(1, 1e5)
      .source("Kubernetes: client-go tools/record/events_cache.go");
  s.field("event_refill", &P::event_refill)
      .live()
      .help("time after which the spam filter lets one more event pass")
      .range(0.01, 1e5)
      .source("Kubernetes: client-go tools/record/events_cache.go");
  s.field("lease_period", &P::lease_period)
      .live()
      .help("period at which a node renews its lease")
      .range(0.1, 600)
      .source(lease);
  s.field("lease_deadline", &P::lease_deadline)
      .live()
      .help("deadline of one attempt to renew the lease")
      .range(0.1, 600)
      .source(lease);
  s.field("lease_jitter", &P::lease_jitter)
      .live()
      .help("jitter added to the period, as a share of it")
      .range(0, 1)
      .source(lease);
  s.field("lease_tries", &P::lease_tries)
      .live()
      .help("attempts to renew a lease, one directly after another")
      .range(1, 100)
      .source(lease);
  s.field("lease_backoff_first", &P::lease_backoff_first)
      .live()
      .help("delay between reads of the lease after failed renewals; it doubles")
      .range(0.001, 60)
      .source(lease);
  s.field("lease_backoff_longest", &P::lease_backoff_longest)
      .live()
      .help("longest delay")
      .range(0.001, 600)
      .source(lease);
  s.field("lease_size", &P::lease_size).live().help("size of a lease object").range(10, 1e6);
  s.field("node_status_period", &P::node_status_period)
      .live()
      .help("period at which an unchanged node status is written")
      .range(1, 3600)
      .source("Kubernetes: nodeStatusReportFrequency of the kubelet");
  s.field("node_status_look", &P::node_status_look)
      .live()
      .help(
          "period at which a kubelet compares its node's status with what stands there, and writes "
          "it if they differ; also the deadline of that write")
      .range(0.1, 3600)
      .source("Kubernetes: nodeStatusUpdateFrequency of the kubelet, 10 s");
  s.field("node_status_size", &P::node_status_size)
      .live()
      .help("size of a node object")
      .range(100, 1.5e6);
}

void EndpointParams::describe(Schema<EndpointParams>& s) {
  using P = EndpointParams;
  const char* slices = "Kubernetes: pkg/controller/endpointslice";
  s.name("endpoints");
  s.field("batch_period", &P::batch_period)
      .live()
      .help("time for which changes are collected before a slice is written")
      .range(0, 600)
      .source(slices);
  s.field("slice_endpoints", &P::slice_endpoints)
      .live()
      .help("most endpoints in one slice")
      .range(1, 1000)
      .source(slices);
  s.field("slice_size", &P::slice_size)
      .live()
      .help("size of a slice without endpoints")
      .range(0, 1e6);
  s.field("endpoint_size", &P::endpoint_size)
      .live()
      .help("size of one endpoint: 100 of them make 15 to 25 KB")
      .range(1, 1e5);
  s.field("retry_first", &P::retry_first)
      .live()
      .help("delay after a failed write; it doubles")
      .range(0.001, 600)
      .source(slices);
  s.field("retry_longest", &P::retry_longest)
      .live()
      .help("longest delay")
      .range(0.01, 1e4)
      .source(slices);
  s.field("watch_lag", &P::watch_lag)
      .live()
      .help("delay from the API server's watch to the data plane")
      .range(0, 600);
  s.field("sync_period", &P::sync_period)
      .live()
      .help("shortest time between two changes of the data plane")
      .range(0, 600)
      .source("Kubernetes: minSyncPeriod of kube-proxy");
  s.field("publish_not_ready", &P::publish_not_ready)
      .live()
      .help(
          "service.spec.publishNotReadyAddresses: whether pods stay endpoints even if their probes "
          "fail")
      .source("Kubernetes: a service's publishNotReadyAddresses is false by default");
}

void NodeLifecycleParams::describe(Schema<NodeLifecycleParams>& s) {
  using P = NodeLifecycleParams;
  const char* source = "Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go";
  s.name("node_lifecycle");
  s.field("scan_period", &P::scan_period)
      .live()
      .help("period at which all nodes are checked")
      .range(0.1, 600)
      .source(source);
  s.field("grace", &P::grace)
      .live()
      .help("time without a lease renewal after which a node is NotReady")
      .range(1, 3600)
      .source(source);
  s.field("toleration", &P::toleration)
      .live()
      .help("time for which pods stay on a NotReady node")
      .range(0, 1e5)
      .source("Kubernetes: default toleration of 300 s");
  s.field("workers", &P::workers)
      .live()
      .help("nodes that the controller works on at the same time, each with one call at a time")
      .range(1, 1000)
      .source("Kubernetes: pkg/controller/nodelifecycle, scheduler.UpdateWorkerSize, 8");
  s.field("status_tries", &P::status_tries)
      .live()
      .help("tries of a node's status before it is left for the next scan")
      .range(1, 100)
      .source("Kubernetes: node_lifecycle_controller.go, NodeHealthUpdateRetry, 5");
  s.field("partial_disruption", &P::partial_disruption)
      .live()
      .help("share of NotReady nodes above which evictions slow down")
      .range(0, 1)
      .source(source);
  s.field("eviction_rate", &P::eviction_rate)
      .live()
      .help("nodes that are evicted each second")
      .range(0, 1e4)
      .source(source);
  s.field("partial_eviction_rate", &P::partial_eviction_rate)
      .live()
      .help(
          "nodes evicted each second in a partial disruption of a large zone; none in a small zone "
          "or a full disruption")
      .range(0, 1e4)
      .source(source);
  s.field("large_zone", &P::large_zone)
      .live()
      .help("number of nodes above which a zone is large")
      .range(0, 1e6)
      .source(source);
}

void WorkloadParams::describe(Schema<WorkloadParams>& s) {
  using P = WorkloadParams;
  s.name("workload");
  s.field("name", &P::name).help("name of the deployment");
  s.field("replicas", &P::replicas)
      .fixed("it is the size at the start; the autoscaler and `scale` change it later")
      .help("replicas at the start")
      .range(0, 1e6);
  s.field("gpu_limit", &P::gpu_limit)
      .fixed("node groups are made at the start")
      .help("GPUs of a node group that only this workload may use; 0: it may use any free GPU")
      .range(0, 1e6);
  s.field("gpus_per_pod", &P::gpus_per_pod)
      .fixed("pods hold their GPUs for as long as they live")
      .help("GPUs of one pod")
      .range(1, 64);
  s.field("cpu_request_milli", &P::cpu_request_milli)
      .live()
      .help("front end's CPU request [millicores]")
      .range(1, 1e6);
  s.field("memory_request", &P::memory_request)
      .live()
      .help("a pod's memory request, for autoscalers on memory")
      .at_least(1);
  s.field("autoscaler", &P::autoscaler)
      .help("its HorizontalPodAutoscaler, or {manifest: FILE} with a manifest for Kubernetes");
}

}  // namespace cluster

void ClusterParams::describe(Schema<ClusterParams>& s) {
  using P = ClusterParams;
  s.name("cluster");
  s.field("nodes", &P::nodes)
      .fixed("the size comes from spec.regions")
      .help("GPU nodes")
      .range(1, 1e5);
  s.field("zones", &P::zones)
      .fixed("it is how the cluster is built")
      .help("zones that the nodes are spread over, in turn: what `fail_zone` takes out at once")
      .range(1, 64);
  s.field("gpus_per_node", &P::gpus_per_node)
      .fixed("it is how a node is built")
      .help("GPUs of a node")
      .range(1, 64);
  s.field("missing_gpus", &P::missing_gpus)
      .fixed("it is how a node is built")
      .help("GPUs that are missing in the last node")
      .range(0, 63);
  s.field("zombie_share", &P::zombie_share)
      .live()
      .help("share of the serving pods above which `zombie_pods` is an incident")
      .range(0, 1);
  s.field("zombie_minimum", &P::zombie_minimum)
      .live()
      .help("least number of zombies for an incident")
      .range(1, 1e6)
      .scales();
  s.field("zombie_after", &P::zombie_after)
      .live()
      .help(
          "time for which a ready pod is not routable before it counts as a zombie; longer than "
          "the 30 s of `control_plane_frozen`")
      .range(0, 3600);
  s.field("scale_up_alarm", &P::scale_up_alarm)
      .live()
      .help(
          "share beyond the region's GPUs above which a request for pods is the incident "
          "`scale_up_requested`")
      .range(0, 100);
  s.field("scrape_period", &P::scrape_period)
      .live()
      .help("period at which the metrics server collects metrics")
      .range(1, 600)
      .source("metrics-server: --metric-resolution=15s");
  s.field("controllers", &P::controllers).help("controller manager and scheduler");
  s.field("start", &P::start).help("how a pod starts");
  s.field("kubelet", &P::kubelet).help("probes, statuses, leases");
  s.field("endpoints", &P::endpoints).help("endpoint slices");
  s.field("node_lifecycle", &P::node_lifecycle).help("lost nodes and evictions");
  s.field("workloads", &P::workloads)
      .elementwise()
      .help("the deployments: first prefill or mixed, then decode");
}

static const Register<ClusterParams> registered{
    "model", "cluster", "a region's Kubernetes cluster: pods, nodes, endpoints, autoscaler",
    "Kubernetes: controllers"};

}  // namespace stampede
