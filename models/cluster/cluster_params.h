// Parameters of one region's Kubernetes cluster, each described once.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/cluster/autoscaler_params.h"
#include "sim/params.h"

namespace stampede {

enum class WeightsSource : u8 { kLocalDisk, kSharedStore };

namespace cluster {

// How a controller manager or scheduler keeps its lead.
struct LeaderElectionParams {
  bool enabled = false;
  Duration lease = 15_s, renew_deadline = 10_s, retry = 2_s;
  static void describe(Schema<LeaderElectionParams>& s);
};

// kube-controller-manager and scheduler: client limits, work queues, replica sets.
struct ControllerParams {
  Rate controller_limit{20};
  i32 controller_burst = 30;
  bool share_controller_limit = true;
  i32 create_burst = 500;
  Duration retry_first = 5_ms, retry_longest = 1000_s;
  Duration expectations_timeout = 300_s;
  Rate scheduler_limit{50};
  i32 scheduler_burst = 100;
  Duration schedule_time{5'500'000};
  Duration unschedulable_backoff_first = 1_s, unschedulable_backoff_longest = 10_s;
  Duration unschedulable_flush = 300_s;
  Duration informer_lag = 10_ms;
  Duration operator_retry = 10_s;
  Bytes pod_size{8192}, event_size{1024}, small_object_size{2048};
  LeaderElectionParams leader_election;
  static void describe(Schema<ControllerParams>& s);
};

// Stages of a pod's start.
struct StartParams {
  bool image_cached = true;
  Bytes image_size{17'000'000'000};
  Bandwidth registry_bandwidth{5e9}, image_bandwidth{200e6};
  Duration container_start = 1_s;
  WeightsSource weights_source = WeightsSource::kLocalDisk;
  Bytes weights_size{16'000'000'000};
  Bandwidth node_bandwidth{10e9}, pod_bandwidth{1.25e9}, store_bandwidth{40e9};
  Duration warm_up_median = 150_s;
  double warm_up_sigma = 0.4;
  static void describe(Schema<StartParams>& s);
};

// Probes, status, leases.
struct KubeletParams {
  Duration probe_period = 10_s, status_resync = 10_s;
  i32 probe_failures = 3, probe_successes = 1;
  i32 liveness_failures = 0;
  Duration startup_deadline{};
  Duration restart_backoff_first = 10_s, restart_backoff_longest = 300_s;
  Share restart_backoff_jitter{};
  Duration termination = 5_s;
  i32 event_burst = 25;
  Duration event_refill = 300_s;
  Duration lease_period = 10_s, lease_deadline = 10_s;
  Share lease_jitter{0.04};
  i32 lease_tries = 5;
  Duration lease_backoff_first = 200_ms, lease_backoff_longest = 7_s;
  Bytes lease_size{500};
  Duration node_status_period = 300_s, node_status_look = 10_s;
  Bytes node_status_size{10240};
  static void describe(Schema<KubeletParams>& s);
};

// EndpointSlices and how they reach the data plane.
struct EndpointParams {
  Duration batch_period = 1_s;
  i32 slice_endpoints = 100;
  Bytes slice_size{500}, endpoint_size{180};
  Duration retry_first = 1_s, retry_longest = 1000_s;
  Duration watch_lag = 50_ms, sync_period = 1_s;
  bool publish_not_ready = false;
  static void describe(Schema<EndpointParams>& s);
};

// The node lifecycle controller.
struct NodeLifecycleParams {
  Duration scan_period = 5_s, grace = 40_s, toleration = 300_s;
  i32 workers = 8, status_tries = 5;
  Share partial_disruption{0.55};
  Rate eviction_rate{0.1}, partial_eviction_rate{0.01};
  i32 large_zone = 50;
  static void describe(Schema<NodeLifecycleParams>& s);
};

// One deployment: its pool of identical pods.
struct WorkloadParams {
  std::string name = "decode";
  i32 replicas = 8;
  i32 gpus_per_pod = 1;
  i32 gpu_limit = 0;
  i64 cpu_request_milli = 4000;
  Bytes memory_request{17'179'869'184};
  std::optional<AutoscalerParams> autoscaler;
  static void describe(Schema<WorkloadParams>& s);
};

}  // namespace cluster

struct ClusterParams {
  i32 nodes = 1;
  i32 gpus_per_node = 8;
  i32 missing_gpus = 0;  // of the last node
  i32 zones = 1;         // node n stands in zone n modulo zones
  Share zombie_share{0.02};
  i32 zombie_minimum = 3;
  Duration zombie_after = 40_s;
  Share scale_up_alarm{0.25};
  Duration scrape_period = 15_s;
  cluster::ControllerParams controllers;
  cluster::StartParams start;
  cluster::KubeletParams kubelet;
  cluster::EndpointParams endpoints;
  cluster::NodeLifecycleParams node_lifecycle;
  std::vector<cluster::WorkloadParams> workloads;  // index = WorkloadId
  static void describe(Schema<ClusterParams>& s);
};

}  // namespace stampede
