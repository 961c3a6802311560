// The scenario file as one described struct: every subsystem's parameters in one place.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/balancing/global_balancer_params.h"
#include "models/balancing/replica_choice_params.h"
#include "models/changes/failures_params.h"
#include "models/changes/timeline_params.h"
#include "models/changes/version_params.h"
#include "models/clients/client_class_params.h"
#include "models/clients/demand_params.h"
#include "models/clients/service_level_params.h"
#include "models/cluster/cluster_params.h"
#include "models/control_plane/api_server_params.h"
#include "models/controllers/work_queue_params.h"
#include "models/dependencies/dns_params.h"
#include "models/dependencies/service_params.h"
#include "models/dependencies/use_params.h"
#include "models/kv_cache/kv_params.h"
#include "models/network/network_params.h"
#include "models/operations/runbook_params.h"
#include "models/safety/safety_params.h"
#include "models/serving/serving_params.h"
#include "tools/judgement/expectations.h"

namespace stampede {

struct MitigationTag {
  static constexpr const char* selector = "use";
  static constexpr const char* category = "mitigation";
};

struct Metadata {
  std::string name, summary;
  static void describe(Schema<Metadata>& s);
};

// Size of one workload in one region; order as in spec.serving.pools.
struct RegionPoolParams {
  i32 replicas = 1;
  std::optional<i32> min_replicas;
  i32 gpu_limit = 0;
  static void describe(Schema<RegionPoolParams>& s);
};

struct RegionParams {
  std::string name, site;
  Share share{1};
  Duration utc_offset{};
  i32 nodes = 1;
  i32 missing_gpus = 0;
  std::vector<RegionPoolParams> pools;
  KvRegionParams kv_cache;
  // What it has of its own; absent: the service's.
  std::optional<GatewayParams> gateway;
  std::optional<ReplicaChoiceParams> replica_choice;
  std::optional<ServingParams> serving;
  std::optional<ClusterParams> cluster;
  std::optional<ApiServerParams> control_plane;
  static void describe(Schema<RegionParams>& s);
};

// A use of a service with the retries of its caller's client library.
struct ServiceUseParams : UseParams {
  RetryParams retry;
  u32 processes = 1;
  ServiceUseParams() { retry.policy = RetryKind::kNone; }
  static void describe(Schema<ServiceUseParams>& s);
};

struct OutputParams {
  std::optional<Duration> interval;
  // As given; else 10 s, and longer in a run of more than a week, which has as many samples then.
  Duration interval_of(Duration run) const;
  static void describe(Schema<OutputParams>& s);
};

struct Spec {
  i64 seed = 1;
  UtcTime start{1767571200};  // Monday, 5 January 2026
  Duration duration = 1_h;
  double scale = 1;
  SloParams slo;
  DemandParams demand;
  std::vector<ClientClassParams> clients;
  NetworkParams network;
  GlobalBalancerParams balancer;
  GatewayParams gateway;
  ReplicaChoiceParams replica_choice;
  std::vector<RegionParams> regions;
  ServingParams serving;
  ClusterParams cluster;
  ApiServerParams control_plane;
  KvCacheParams kv_cache;
  SafetyParams safety;
  std::vector<ServiceParams> services;
  std::vector<ServiceUseParams> uses;
  std::vector<DnsNameParams> dns;
  FailuresParams failures;
  OperationsParams operations;
  std::vector<SelectionOf<MitigationTag>> mitigations;
  std::vector<WorkQueueParams> controllers;
  std::vector<VersionParams> versions;
  std::vector<TimelineParams> timeline;
  std::vector<ExpectationSelection> expect;
  OutputParams output;
  // What holds in one region: its own where it says so, else the service's.
  const GatewayParams& gateway_of(std::size_t region) const;
  const ReplicaChoiceParams& replica_choice_of(std::size_t region) const;
  const ServingParams& serving_of(std::size_t region) const;
  const ClusterParams& cluster_of(std::size_t region) const;
  const ApiServerParams& control_plane_of(std::size_t region) const;
  // GPUs of one pod of `serving.pools[pool]`; 1 where the cluster's description says nothing of it.
  i32 gpus_per_pod(std::size_t region, std::size_t pool) const;
  static void describe(Schema<Spec>& s);
};

struct Scenario {
  std::string api_version, kind;
  Metadata metadata;
  Spec spec;
  static void describe(Schema<Scenario>& s);
};

}  // namespace stampede
