// Small fleets on which random scenarios play: what they are, from `demand` to where changes begin.
#pragma once
#include <string>
#include <vector>

#include "tests/property/live_fleet.h"

namespace stampede::test {

// Three regions, two at one place; zones, models, a split pool, controllers, services that need
// each other, health checks.
inline constexpr const char* kZonedFleet = R"(
  demand: {rate: 4/s}
  clients:
    - name: chat
      share: 70%
      model: small
      first_prompt: {mean: 300, cv: 1, maximum: 6000}
      answer: {mean: 60, maximum: 400}
      first_token_timeout: 10s
      total_timeout: 40s
      retry: {policy: aws_standard}
    - name: code
      share: 30%
      model: large
      first_prompt: {mean: 900, cv: 0.5, maximum: 6000}
      answer: {mean: 80, maximum: 600}
      total_timeout: 60s
      retry: {policy: exponential, max_attempts: 4, base: 500ms}
    - {name: bots, share: 0%, model: small, answer: {mean: 5}, retry: {policy: immediate}}
  network:
    latencies:
      - {from: eu-a, to: eu-b, one_way: 1ms}
      - {from: eu-a, to: us, one_way: 45ms}
      - {from: eu-b, to: us, one_way: 45ms}
    generator: {ases: 24, transit: 3}
    client_networks_per_region: 4
    providers_per_region: 2
    ibgp: {members: [eu-a, eu-b]}
    bgp: {mrai: 1s, hold_time: 9s, connect_retry: 5s}
  balancer:
    probe_interval: 5s
    probe_timeout: 2s
    ttl: 15s
    hold_down: 20s
    health_checks: {interval: 5s, timeout: 2s, region_below: 40%, zone_below: 20%,
                    withdraw: servers}
  gateway: {max_queue: 20, retry_after: 1s}
  regions:
    - {name: eu-a, site: europe, share: 40%, nodes: 2,
       pools: [{replicas: 2}, {replicas: 1}, {replicas: 2}]}
    - {name: eu-b, site: europe, share: 25%, nodes: 2,
       pools: [{replicas: 2}, {replicas: 1}, {replicas: 1}],
       control_plane: {etcd: {fsync: 20ms}}}
    - {name: us, share: 35%, nodes: 2,
       pools: [{replicas: 2}, {replicas: 1}, {replicas: 2}],
       gateway: {max_queue: 3}, cluster: {zones: 1}}
  serving:
    termination_grace: 10s
    pools:
      - {name: short, model: small, engine: {max_num_seqs: 16, prefix_caching: true}}
      - {name: prefill, model: large, engine: {role: prefill}}
      - {name: decode, model: large, engine: {role: decode, max_num_seqs: 32}}
  cluster:
    zones: 2
    start: {weights_size: 2GB, warm_up_median: 3s}
    workloads:
      - {name: short,
         autoscaler: {max_replicas: 6, cpu_utilization_percent: 0, waiting_requests: 3}}
  control_plane: {servers: 3, etcd: {initial_file: 20MB, quota: 200MB}}
  kv_cache: {capacity: 20GB, initial_bytes: 2GB, initial_sessions: 200, initial_age: 1h,
             checksums: true}
  safety: {enabled: true, threshold: 20%}
  services:
    - {name: database, servers: 4, service_time: 20ms, queue: 50, contention: 0.2}
    - {name: sessions, in_each_region: true, servers: 4, service_time: 5ms, queue: 20}
    - {name: weights, region: us, servers: 2, service_time: 1s, queue: 10}
    - {name: names, in_each_region: true, anycast: true, servers: 8, service_time: 2ms, queue: 100,
       health: {reach: us, period: 5s}}
  uses:
    - {name: log-in, service: sessions, per: log_in, timeout: 500ms, on_failure: stale,
       cache: {size: 50, keys: 200, ttl: 30s}}
    - {name: accounts, service: database, per: call, by: sessions, timeout: 300ms,
       retry: {policy: fixed, base: 100ms, max_attempts: 3}}
    - {name: fetch, service: weights, per: start, timeout: 5s}
    - {name: renewal, service: database, per: lease, timeout: 1s, on_failure: fail}
    - {name: quota, service: database, per: policy, every: 10s, timeout: 1s, on_failure: open}
  dns:
    - {name: api.example, records: [eu-a, us], authority: names, ttl: 10s, resolvers: {count: 4}}
    - {name: sessions.internal, records: [sessions], ttl: 5s, resolvers: {count: 2}}
  controllers:
    - {name: leases, rate: 5/s, renew: 10s, lease: 25s, deadline: 4s, lost_costs: 3,
       on_expired: cordon}
    - {name: fabric, items: 60, rate: 10/s, renew: 12s, lease: 30s, deadline: 5s, service: database}
)";

// One server, and nothing beside it.
inline constexpr const char* kPlainFleet = R"(
  demand: {rate: 2/s}
  clients:
    - {name: web, first_prompt: {mean: 100}, answer: {mean: 50, maximum: 500}, total_timeout: 20s}
  regions:
    - {name: here, nodes: 1, pools: [{replicas: 2}]}
  serving: {pools: [{name: replicas, engine: {max_num_seqs: 8}}]}
  cluster: {workloads: [{name: replicas}], start: {weights_size: 1GB, warm_up_median: 2s}}
  kv_cache: {capacity: 0B, initial_sessions: 0, initial_bytes: 0B}
  safety: {enabled: false}
)";

// Four regions behind anycast, servers of several GPUs, agents, mechanisms in every slot.
inline constexpr const char* kSlottedFleet = R"(
  demand: {rate: 6/s, stages: [{for: 40s, factor: 0.5}, {for: 1h, factor: 1}]}
  clients:
    - name: chat
      share: 60%
      first_prompt: {mean: 200, cv: 1, maximum: 4000}
      message: {mean: 80, cv: 1, maximum: 2000}
      answer: {mean: 60, maximum: 600}
      continue_probability: 70%
      think_time: 10s
      resumed_share: 30%
      first_token_timeout: 6s
      total_timeout: 30s
      retry: {policy: full_jitter, max_attempts: 5, base: 200ms, budget: finagle}
      fallback: {share: 30%, capacity: 2/s, keeps_conversation: true}
    - {name: agents, share: 40%, steps: 3, answer: {mean: 40, maximum: 400}, total_timeout: 30s,
       retry: {policy: envoy, budget: envoy}, loop_probability: 2%, token_budget: 600}
  network: {generator: {ases: 20, transit: 3}, client_networks_per_region: 3,
            safeguards: {canary_stages: 2, canary_soak: 3s}}
  balancer: {mode: anycast, probe_interval: 5s, probe_timeout: 2s, rule: waterfall, hold_down: 20s}
  gateway: {max_queue: 10, rate_limit: {requests: 200, window: 10s}}
  replica_choice: {policy: session_affinity}
  regions:
    - {name: one, share: 40%, nodes: 1, pools: [{replicas: 2}]}
    - {name: two, share: 30%, nodes: 1, pools: [{replicas: 2}]}
    - {name: three, share: 20%, nodes: 1, pools: [{replicas: 1}]}
    - {name: four, share: 10%, nodes: 1, pools: [{replicas: 1}]}
  serving:
    pools: [{name: replicas, engine: {max_num_seqs: 12, prefix_caching: true,
                                      scheduling_policy: priority}}]
  cluster:
    gpus_per_node: 8
    workloads: [{name: replicas, gpus_per_pod: 4, autoscaler: {max_replicas: 3}}]
    start: {weights_size: 4GB, warm_up_median: 5s, weights_source: shared_store}
  kv_cache: {capacity: 10GB, initial_bytes: 4GB, initial_sessions: 400, initial_age: 1h,
             fencing: true}
  safety: {enabled: true, threshold: 30%, scope: region}
  mitigations:
    - {use: outlier_ejection}
    - {use: peak_ewma}
    - {use: region_ejection}
    - {use: hedged_requests}
    - {use: deadline_propagation}
    - {use: single_flight}
)";

inline std::vector<std::string> random_fleets() {
  const std::string live = kLiveFleet;
  const std::size_t from = live.find("  demand:"), to = live.find("  operations:");
  return {live.substr(from, to - from), kZonedFleet + 1, kPlainFleet + 1, kSlottedFleet + 1};
}

}  // namespace stampede::test
