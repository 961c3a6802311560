// The controls, ablations and elasticities of the reference outage: what each changes, as the lists
// of overrides that `--set` takes, and what must then vanish or stay. Tests and the documentation
// run the same list.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace stampede {

// All of the outage after the withdrawal itself; what a control that works leaves none of.
inline const std::vector<std::string>& consequences() {
  static const std::vector<std::string> kinds{
      "region_unreachable", "failover_started", "surge_peaked",   "replica_overloaded",
      "scale_up_requested", "etcd_saturated",   "zombie_pods",    "control_plane_frozen",
      "kv_partitioned",     "kv_conflict",      "breaker_opened", "poisoned_output_detected",
      "flush_started"};
  return kinds;
}

struct OutageVariant {
  std::string name;               // as in the documentation
  std::vector<std::string> sets;  // on top of the scenario file
  const char* scale;
  const char* duration;             // as much of the outage as shows the effect
  std::vector<std::string> vanish;  // kinds of incidents that must not occur
  std::vector<std::string> stay;    // kinds that must
};

inline std::vector<std::string> joined(std::vector<std::string> a,
                                       const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// One class of clients after another.
inline std::vector<std::string> for_clients(const std::string& change) {
  std::vector<std::string> sets;
  for (const char* c : {"web", "sdk", "agents", "batch"})
    sets.push_back(std::string("spec.clients.") + c + "." + change);
  return sets;
}

inline std::vector<std::string> for_workloads(const std::string& change) {
  std::vector<std::string> sets;
  for (const char* w : {"prefill", "decode"})
    sets.push_back(std::string("spec.cluster.workloads.") + w + ".autoscaler." + change);
  return sets;
}

// The whole fleet of 1,008 + 1,216 pods with `share` of it, and of the traffic, in Asia-Pacific;
// the other two keep their proportions to each other.
inline std::vector<std::string> apac_share(double share) {
  const double shares[] = {share, (1 - share) * 0.625, (1 - share) * 0.375};
  const int fleet[] = {1008, 1216};
  const char* regions[] = {"apac", "na", "eu"};
  std::vector<std::string> sets;
  std::string stored;
  int left[] = {fleet[0], fleet[1]};
  for (int r = 0; r < 3; ++r) {
    const std::string at = std::string("spec.regions.") + regions[r];
    const std::string part = std::to_string(shares[r]);
    int gpus = 0;
    for (int p = 0; p < 2; ++p) {
      const int n = r == 2 ? left[p] : static_cast<int>(fleet[p] * shares[r] + 0.5);
      left[p] -= n;
      gpus += n;
      const std::string pool = at + ".pools[" + std::to_string(p) + "]";
      sets.push_back(pool + ".replicas=" + std::to_string(n));
      sets.push_back(pool + ".min_replicas=" + std::to_string((n + 3) / 4));
      sets.push_back(pool + ".gpu_limit=" + std::to_string(n));
    }
    const int nodes = (gpus + 7) / 8;
    sets.push_back(at + ".share=" + part);
    sets.push_back(at + ".nodes=" + std::to_string(nodes));
    sets.push_back(at + ".missing_gpus=" + std::to_string(nodes * 8 - gpus));
    stored += (r ? ", " : "") + part;
  }
  sets.push_back("spec.kv_cache.region_shares=[" + stored + "]");
  return sets;
}

// The policy pushed at 14:02 and put right by hand `minutes` later, whoever is paged when.
inline std::vector<std::string> restored_after(double minutes) {
  const std::string at = std::to_string(32 + minutes);
  return {
      "spec.timeline=[{at: 32min, do: push_routing_policy, target: {region: apac}, policy: "
      "{export: "
      "missing}}, {at: " +
      at + "min, do: restore_routing_policy, target: {region: apac}}]"};
}

// The delays of the operators in the scenario, in seconds.
struct OperatorDelay {
  const char* step;
  double seconds;
  bool critical;           // whether the end of the outage waits for it
  bool in_full_tier_only;  // its test
};
inline const std::vector<OperatorDelay>& operator_delays() {
  static const std::vector<OperatorDelay> delays{{"paged", 720, true, true},
                                                 {"restore_routing", 2160, true, false},
                                                 {"stop_autoscaler", 1200, true, true},
                                                 {"compact_etcd", 1620, true, true},
                                                 {"flush_cache", 2400, true, false},
                                                 {"restart_autoscaler", 180, false, false},
                                                 {"verify_and_ramp", 780, true, true}};
  return delays;
}
inline std::vector<std::string> operator_delay(const OperatorDelay& d, double factor) {
  return {std::string("spec.operations.steps.") + d.step +
          ".delay=" + std::to_string(d.seconds * factor) + "s"};
}

inline const std::vector<std::string> kNoPush{"spec.timeline=[]"};
inline const std::vector<std::string> kDefaultClientLimits{
    "spec.cluster.controllers.controller_limit=20/s",
    "spec.cluster.controllers.controller_burst=30", "spec.cluster.controllers.scheduler_limit=50/s",
    "spec.cluster.controllers.scheduler_burst=100"};
inline const std::vector<std::string> kHealthyEtcd{"spec.control_plane.etcd.initial_file=300MB",
                                                   "spec.control_plane.etcd.initial_free=20%"};
inline const std::vector<std::string> kBoundedQueues{"spec.gateway.max_queue=16"};
inline const std::vector<std::string> kCancellation = for_clients("cancel_on_timeout=100%");
inline const std::vector<std::string> kFencing{"spec.kv_cache.fencing=true"};
inline const std::vector<std::string> kExactClocks{"spec.kv_cache.clock_skew=0s"};
inline const std::vector<std::string> kSkewedClocks{"spec.kv_cache.dead_ntp_region=1",
                                                    "spec.kv_cache.dead_ntp_skew=2s"};
inline const std::vector<std::string> kDoubleFlushRate{"spec.kv_cache.index_rate=120000/s"};
inline const std::vector<std::string> kEpochBump{
    "spec.operations.steps.flush_cache.action={do: bump_cache_epoch}"};

// The same push in Europe: its 15 % of the traffic find room elsewhere.
inline const std::vector<std::string> kTheOneRegion{
    "spec.timeline=[{at: 32min, do: push_routing_policy, target: {region: eu}, policy: {export: "
    "missing}}]"};
// Clusters of 3,000 nodes, shared with others, on an etcd with room but a disk that syncs 0.4 MB/s.
inline const std::vector<std::string> kSlowDisk{
    "spec.control_plane.etcd.initial_file=300MB", "spec.control_plane.etcd.initial_free=20%",
    "spec.control_plane.etcd.fsync=10ms", "spec.control_plane.etcd.fsync_per_kib=2500us"};
inline const std::vector<std::string> kManyNodes{"spec.regions[*].nodes=3000"};

// The accounts' pools: a log-in holds a connection to the accounts' database until its answer has
// streamed. Two gateways with 100 connections each share a database of 150; `cells` of them a
// region, taken together.
inline std::vector<std::string> accounts(int apac, int na, int eu) {
  std::vector<std::string> sets;
  for (const auto& [region, cells] :
       {std::pair{"apac", apac}, std::pair{"na", na}, std::pair{"eu", eu}})
    sets.push_back(std::string("spec.regions.") + region +
                   ".gateway.sessions={pool_size: " + std::to_string(100 * cells) +
                   ", pools: 2, database_limit: " + std::to_string(150 * cells) +
                   ", hold_during_inference: true}");
  return sets;
}
// 2.5 times what each region's busiest hour holds, and 1.25 times.
inline const std::vector<std::string> kAccounts = accounts(708, 319, 175);
inline const std::vector<std::string> kScantAccounts = accounts(354, 160, 88);
// One store of sessions, which every attempt reads: 5,740 calls/s, of which the busiest hour asks
// six in ten.
inline const std::vector<std::string> kSessionStore{
    "spec.services=[{name: sessions, servers: 287, service_time: 50ms, queue: 5740}]",
    "spec.uses=[{name: sessions, service: sessions, per: request, timeout: 2s}]"};

inline const std::vector<OutageVariant>& outage_variants() {
  static const std::vector<std::string> latch{"etcd_saturated", "control_plane_frozen"};
  static const std::vector<std::string> poison{"poisoned_output_detected", "breaker_opened",
                                               "flush_started"};
  static const std::vector<OutageVariant> variants{
      {"lint", {"spec.network.safeguards.lint=100%"}, "1/20", "60min", consequences(), {}},
      {"prefix floor",
       {"spec.network.safeguards.prefix_floor=10%"},
       "1/20",
       "60min",
       consequences(),
       {}},
      {"canary",
       {"spec.network.safeguards.canary_stages=4", "spec.network.safeguards.canary_soak=60s"},
       "1/20",
       "60min",
       joined(joined(latch, poison), {"region_unreachable", "failover_started",
                                      "replica_overloaded", "scale_up_requested", "zombie_pods"}),
       {"prefix_restored"}},
      {"commit confirmed",
       {"spec.network.safeguards.commit_confirmed=60s"},
       "1/20",
       "60min",
       {"breaker_opened", "flush_started"},  // of poison, a sample shows (docs/scenarios/mends.md)
       {"prefix_restored",
        "etcd_saturated"}},  // the autoscaler is faster than the clients' way home
      {"commit confirmed, clients back at once",
       {"spec.network.safeguards.commit_confirmed=60s", "spec.balancer.hold_down=0s"},
       "1/20",
       "60min",
       poison,
       {"prefix_restored", "etcd_saturated"}},
      {"APAC at 15 %",
       apac_share(0.15),
       "1/10",
       "60min",
       joined(joined(latch, poison), {"replica_overloaded", "zombie_pods"}),
       {"failover_started"}},
      {"default limits and healthy etcd",
       joined(kDefaultClientLimits, kHealthyEtcd),
       "1/10",
       "60min",
       latch,
       {"scale_up_requested", "replica_overloaded"}},
      {"default limits", kDefaultClientLimits, "1/10", "60min", {}, {"scale_up_requested"}},
      {"healthy etcd",
       kHealthyEtcd,
       "1/20",
       "60min",
       {"etcd_saturated"},
       {"scale_up_requested", "breaker_opened"}},
      {"maxReplicas at the fleet",
       {"spec.cluster.workloads.prefill.autoscaler.max_replicas=1008",
        "spec.cluster.workloads.decode.autoscaler.max_replicas=1216"},
       "1/20",
       "60min",
       {"etcd_saturated"},
       {"scale_up_requested", "breaker_opened"}},
      {"growth of 10 % a minute",
       for_workloads("scale_up={policies: [{percent: 10, period: 60s}]}"),
       "1/20",
       "60min",
       {"etcd_saturated"},
       {"replica_overloaded", "breaker_opened"}},
      {"bounded queues",
       kBoundedQueues,
       "1/20",
       "60min",
       {"breaker_opened"},
       {"replica_overloaded"}},
      {"cancellation", kCancellation, "1/20", "60min", {"breaker_opened"}, {"replica_overloaded"}},
      {"fencing, exact clocks",
       joined(kFencing, kExactClocks),
       "1/20",
       "60min",
       {"kv_conflict"},
       {"control_plane_frozen"}},
      {"fencing, skewed clocks",
       joined(kFencing, kSkewedClocks),
       "1/20",
       "60min",
       {"kv_conflict"},
       {"control_plane_frozen"}},
      {"no fencing, exact clocks",
       kExactClocks,
       "1/20",
       "60min",
       {},
       {"kv_conflict", "breaker_opened"}},
      {"no fencing, skewed clocks",
       kSkewedClocks,
       "1/20",
       "60min",
       {},
       {"kv_conflict", "breaker_opened"}},
      {"breaker by region",
       {"spec.safety.scope=region"},
       "1/20",
       "60min",
       {"flush_started"},
       {"breaker_opened"}},
      {"fencing and checksums",
       joined(kFencing, {"spec.kv_cache.checksums=true"}),
       "1/20",
       "60min",
       poison,
       {"control_plane_frozen"}},
      {"one region",
       kTheOneRegion,
       "1/20",
       "60min",
       joined(joined(latch, poison), {"scale_up_requested", "zombie_pods"}),
       {"region_unreachable", "failover_started"}},
      {"heartbeat",
       joined(kSlowDisk, kManyNodes),
       "1/20",
       "45min",
       {},
       {"control_plane_frozen", "zombie_pods"}},
      {"heartbeat, no push",
       joined(joined(kSlowDisk, kManyNodes), kNoPush),
       "1/20",
       "45min",
       {"control_plane_frozen", "zombie_pods", "breaker_opened"},
       {"etcd_saturated"}},
      {"heartbeat, its own nodes only",
       kSlowDisk,
       "1/20",
       "45min",
       {"control_plane_frozen"},
       {"etcd_saturated", "breaker_opened"}},
      {"log-in",
       joined(kAccounts, kSessionStore),
       "1/20",
       "60min",
       {},
       {"failover_started", "replica_overloaded", "service_saturated", "control_plane_frozen",
        "breaker_opened"}},
      {"log-in, no push",
       joined(joined(kAccounts, kSessionStore), kNoPush),
       "1/20",
       "60min",
       joined(consequences(), {"service_saturated"}),
       {}},
      {"log-in, half the pools",
       joined(kScantAccounts, kSessionStore),
       "1/20",
       "60min",
       poison,
       {"failover_started", "replica_overloaded", "control_plane_frozen"}},
  };
  return variants;
}

}  // namespace stampede
