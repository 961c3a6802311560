// A fleet so small that it can be played once for each live parameter, with something of everything
// that such a parameter may act on.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tools/language/value_at.h"
#include "tools/language/yaml_loader.h"
#include "tools/world/live_paths.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede::test {

inline constexpr const char* kLiveFleet = R"(
apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: live}
spec:
  seed: 3
  duration: 4min
  demand: {rate: 5/s}
  clients:
    - name: web
      share: 60%
      first_prompt: {mean: 300, cv: 1, maximum: 4000}
      message: {mean: 100, cv: 1, maximum: 4000}
      answer: {mean: 120, cv: 1, maximum: 1000}
      continue_probability: 60%
      think_time: 30s
      resumed_share: 20%
      first_token_timeout: 8s
      between_tokens_timeout: 8s
      total_timeout: 25s
      retry: {policy: additive_jitter, max_attempts: 3, base: 1s, budget: token_bucket}
      resubmit: {probability: 50%, maximum: 2, delay: 5s}
      fallback: {share: 40%, capacity: 1/s, budget: 50%, parse_failures: 10%, local_cache: 5%}
    - name: agents
      share: 40%
      answer: {mean: 100, cv: 1, maximum: 1000}
      steps: 4
      think_time: 20s
      total_timeout: 40s
      loop_probability: 1%
      token_budget: 900
      reasoning_share: 40%
      retry: {policy: openai, budget: adaptive}
      deferrable: true
  network:
    latencies: [{from: east, to: west, one_way: 35ms}]
    generator: {ases: 30, transit: 3}
    client_networks_per_region: 6
    policy_apply: 1s
    safeguards: {canary_stages: 2, canary_soak: 5s, commit_confirmed: 100s}
    bgp: {mrai: 2s, hold_time: 9s, connect_retry: 5s}
  balancer: {probe_interval: 5s, probe_timeout: 2s, fall: 2, rise: 2, ttl: 20s, ttl_violators: 20%,
             ttl_violator_tail: 1min, rule: waterfall, spill_cap: 60%, max_rate_per_endpoint: 2/s,
             hold_down: 20s, view_ttl: 30s, slow_start: 20s}
  gateway:
    max_queue: 6
    retry_after: 2s
    rate_limit: {requests: 40, window: 10s}
    sessions: {pool_size: 2, pools: 2, database_limit: 3, hold: 700ms, wait_timeout: 3s}
  replica_choice: {policy: round_robin_connections, connections: 20, connection_life: 1min,
                   max_connection_age: 2min}
  regions:
    - {name: east, share: 60%, nodes: 1, pools: [{replicas: 3}]}
    - {name: west, share: 40%, nodes: 1, pools: [{replicas: 2}]}
  serving:
    termination_grace: 20s
    pools:
      - name: replicas
        engine: {step_base: 20ms, step_per_sequence: 1ms, step_per_prompt_token: 150us,
                 max_num_seqs: 6, max_num_batched_tokens: 512, kv_blocks: 2000,
                 max_num_queued_reqs: 12, max_num_queued_tokens: 9000}
        front_end: {cores: 1, cpu_per_request: 165ms, cpu_per_output_token: 1ms,
                    cpu_per_waiting_second: 5ms, overload_for: 10s}
  cluster:
    gpus_per_node: 8
    scrape_period: 5s
    controllers: {controller_limit: 4/s, controller_burst: 4}
    start: {weights_size: 4GB, weights_source: shared_store, store_bandwidth: 500MB/s,
            warm_up_median: 5s, image_cached: false, image_size: 2GB, registry_bandwidth: 1GB/s}
    kubelet: {probe_period: 5s, probe_failures: 2, liveness_failures: 4, termination: 2s}
    endpoints: {publish_not_ready: false}
    workloads:
      - name: replicas
        autoscaler: {min_replicas: 2, max_replicas: 6, cpu_utilization_percent: 60,
                     sync_period: 10s, waiting_requests: 2, waiting_window: 20s,
                     downscale_stabilization: 60s,
                     cpu_initialization: 60s,
                     scale_up: {stabilization_window: 10s, tolerance: 0.1,
                                policies: [{pods: 2, period: 15s}]},
                     scale_down: {stabilization_window: 30s}}
  control_plane:
    servers: 2
    seats: 30
    compaction_interval: 50s
    etcd: {initial_file: 20MB, quota: 30MB, fsync: 5ms}
  kv_cache: {capacity: 8GB, token_bytes: 70kB, initial_bytes: 4GB, initial_sessions: 500,
             initial_age: 1h, page_reuse_probability: 20%, fencing: false, delete_rate: 100/s,
             index_rate: 100/s, session_rate: 20/s, scrub_bandwidth: 1GB/s, lease: 5s}
  safety: {enabled: true, sample_rate: 50%, false_positive: 10%, threshold: 25%, minimum_count: 20,
           window: 30s, latency: 2s, ramp_hold: 10s, ramp_recheck: 3s, retry_after: 3s}
  services: [{name: store, servers: 4, service_time: 200ms, queue: 6, contention: 0.5}]
  uses:
    - {name: store, service: store, timeout: 1s, round_trip: 5ms,
       cache: {size: 5, keys: 40, ttl: 20s, stale_if_error: 5s}, on_failure: degrade,
       degraded_time: 300ms, retry: {policy: fixed, base: 300ms, max_attempts: 2}}
  dns:
    - {name: api, records: [east], ttl: 20s, negative_ttl: 10s,
       resolvers: {count: 5, ttl_violators: 20%, ttl_violator_tail: 10s}}
  operations:
    steps:
      - {name: ramp, when: breaker_open, for: 5s, delay: 5s, do: start_ramp}
  timeline:
    - {at: 20s, do: push_routing_policy, target: {region: east}, policy: {export: none}, for: 60s}
    - {at: 60s, do: kill_pods, target: {region: west, count: 1}}
    - {at: 90s, do: slow_disk, by: 300ms, for: 20s}
    - {at: 110s, do: flush_cache}
    - {at: 120s, do: spike, factor: 3, for: 40s}
    - {at: 150s, do: open_breaker}
)";

// What the world did, without the change itself.
struct LiveRun {
  std::string results;
  std::vector<double> series;
  std::vector<std::string> incidents;
  bool operator==(const LiveRun&) const = default;
};

// Options as on a command line, then more entries of the timeline.
inline Scenario live_scenario(const std::vector<std::string>& sets = {},
                              const std::string& timeline = "") {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return load_scenario(SourceText{"live.yaml", kLiveFleet + timeline}, overrides).scenario;
}

inline LiveRun play(const Scenario& scenario) {
  const RunResults run = run_simulation(scenario, nullptr);
  LiveRun seen{run.results_digest, run.series_values, {}};
  for (double& value : seen.series)
    if (value != value) value = -1;  // absent
  // What goes wrong with contexts is told once for each cause, of which the change may be one, and
  // refusals where a cause is known.
  const std::set<std::string> told_by_cause{"set",
                                            "nothing_changed",
                                            "kv_conflict",
                                            "kv_page_reused",
                                            "requests_refused",
                                            "requests_accepted"};
  for (const Incident& i : run.incidents)
    if (!told_by_cause.contains(i.kind))
      seen.incidents.push_back(fmt::format("{} {} {} {}", i.at.ns, i.kind, i.component, i.text));
  return seen;
}

inline std::string own_value(const Spec& spec, const std::string& path) {
  const Scenario whole{"", "", {}, spec};
  const auto at = value_at(type_of<Scenario>(), &whole, path);
  return at ? at->text() : "";
}

// Other values that the loader takes, more and less than the parameter has, or other choices.
inline std::vector<std::string> other_values(const Spec& spec, const std::string& path) {
  const Scenario whole{"", "", {}, spec};
  const auto place = place_at(type_of<Scenario>(), &whole, path);
  const TypeInfo& type = scalar_of(*place->type);
  const bool there =
      place->type->kind != ValueKind::kOptional || place->type->size(place->object) > 0;
  std::vector<std::string> tried;
  if (type.kind == ValueKind::kBoolean) {
    tried = {own_value(spec, path) == "true" ? "false" : "true"};
  } else if (type.kind == ValueKind::kChoice) {
    tried = type.choices;
  } else {
    const double now = there ? *value_at(type_of<Scenario>(), &whole, path)->number() : 0;
    for (const double factor : {2.0, 1.4, 0.5, 0.7}) {
      double next = now == 0 ? (type.kind == ValueKind::kShare ? 0.3 : 3 * factor) : now * factor;
      if (type.kind == ValueKind::kInteger || type.kind == ValueKind::kBytes)
        next = static_cast<double>(static_cast<i64>(next + 0.5));
      tried.push_back(bound_text(type.kind, next));
    }
  }
  std::vector<std::string> taken;
  if (type.kind == ValueKind::kBandwidth) tried.push_back("2GB/s");
  for (const std::string& value : tried) {
    SetParams set;
    set.path = path;
    set.value = value;
    if (value != own_value(spec, path) && faults_of_set(spec, set, {}).empty())
      taken.push_back(value);
  }
  return taken;
}

inline std::string set_at(const std::string& at, const std::string& path,
                          const std::string& value) {
  return fmt::format("    - {{at: {}, do: set, path: \"{}\", value: \"{}\"}}\n", at, path, value);
}

}  // namespace stampede::test
