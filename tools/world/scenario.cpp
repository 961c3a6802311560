#include "tools/world/scenario.h"

namespace stampede {

void Metadata::describe(Schema<Metadata>& s) {
  s.field("name", &Metadata::name).required().help("short name of the scenario");
  s.field("summary", &Metadata::summary).help("what it shows, in one sentence");
}

void RegionPoolParams::describe(Schema<RegionPoolParams>& s) {
  s.field("replicas", &RegionPoolParams::replicas)
      .range(0, 1e6)
      .help("pods of this pool at the start")
      .scales_with_fleet();
  s.field("min_replicas", &RegionPoolParams::min_replicas)
      .range(0, 1e6)
      .help("minReplicas of this pool in this region; absent: that of the autoscaler")
      .scales_with_fleet();
  s.field("gpu_limit", &RegionPoolParams::gpu_limit)
      .range(0, 1e6)
      .help("GPUs of a node group that only this pool may use; 0: the pool may use any free GPU")
      .scales_with_fleet();
}

void RegionParams::describe(Schema<RegionParams>& s) {
  s.field("name", &RegionParams::name).required().help("name of the region in results");
  s.field("site", &RegionParams::site)
      .help("place that it shares with other regions, as its zones do; empty: one of its own");
  s.field("share", &RegionParams::share)
      .range(0, 1)
      .help("share of the service's clients at home here, at the reference time");
  s.field("utc_offset", &RegionParams::utc_offset)
      .range(-54000, 54000)
      .help("local time minus UTC; the daily curve follows local time");
  s.field("nodes", &RegionParams::nodes)
      .range(1, 1e5)
      .help("nodes of the cluster")
      .scales_with_fleet();
  s.field("missing_gpus", &RegionParams::missing_gpus)
      .range(0, 63)
      .help("GPUs that are missing in the last node")
      .scales_with_fleet();
  s.field("pools", &RegionParams::pools).required().help("size of each pool of spec.serving.pools");
  s.field("gateway", &RegionParams::gateway)
      .inherits("spec.gateway")
      .help("what differs here from spec.gateway");
  s.field("replica_choice", &RegionParams::replica_choice)
      .inherits("spec.replica_choice")
      .help("what differs here from spec.replica_choice");
  s.field("serving", &RegionParams::serving)
      .inherits("spec.serving")
      .help("what differs here from spec.serving, such as another profile of a pool");
  s.field("cluster", &RegionParams::cluster)
      .inherits("spec.cluster")
      .help("what differs here from spec.cluster");
  s.field("control_plane", &RegionParams::control_plane)
      .inherits("spec.control_plane")
      .help("what differs here from spec.control_plane");
  s.field("kv_cache", &RegionParams::kv_cache)
      .help("what this region's part of the KV cache has of its own");
  s.refuse("network", "one network joins all regions: spec.network");
  s.refuse("balancer", "one balancer serves all regions: spec.balancer");
  s.refuse("safety", "one safety layer stands over all regions: spec.safety");
  s.refuse("demand", "a region's demand follows from `share` and `utc_offset`");
  s.refuse("clients", "classes of clients are the service's: spec.clients");
}

void ServiceUseParams::describe(Schema<ServiceUseParams>& s) {
  s.base<UseParams>();
  s.field("retry", &ServiceUseParams::retry)
      .help("when the caller tries again; as those of clients, but none by default");
  s.field("processes", &ServiceUseParams::processes)
      .fixed("who calls whom is built at the start")
      .range(1, 1e6)
      .scales()
      .help("processes of each caller, over which its calls are spread; each has a retry budget");
}

void OutputParams::describe(Schema<OutputParams>& s) {
  s.field("interval", &OutputParams::interval)
      .range(0.1, 86400)
      .help(
          "time between two samples of the series; it changes nothing else. Left out: 10 s, and "
          "beyond a week a whole multiple of it, so that there are no more samples than in a week");
}

Duration OutputParams::interval_of(Duration run) const {
  constexpr Duration kWeek = 168_h, kUsual = 10_s;
  if (interval) return *interval;
  return kUsual * std::max<i64>(1, (run.ns + kWeek.ns - 1) / kWeek.ns);
}

void Spec::describe(Schema<Spec>& s) {
  s.field("seed", &Spec::seed)
      .range(0, 9007199254740991)  // what every reader of JSON keeps
      .help("decides every random draw of the run");
  s.field("start", &Spec::start)
      .help("date and time of day at which the run starts; a Monday by default");
  s.field("duration", &Spec::duration).range(1, 31536000).help("simulated length of the run");
  s.field("scale", &Spec::scale)
      .range(1e-4, 1)
      .help(
          "size of the simulated system: 1/20 divides demand, fleet, stores, rates and limits by "
          "20");
  s.field("slo", &Spec::slo).help("what counts as down and as recovered");
  s.field("demand", &Spec::demand).help("requests offered, by region and time of day");
  s.field("clients", &Spec::clients).required().help("classes of clients");
  s.field("network", &Spec::network).help("autonomous systems, BGP, latencies");
  s.field("balancer", &Spec::balancer).help("the global load balancer");
  s.field("gateway", &Spec::gateway).help("front door of each region");
  s.field("replica_choice", &Spec::replica_choice).help("how a gateway picks a pod");
  s.field("regions", &Spec::regions).required().help("the fleet");
  s.field("serving", &Spec::serving).required().help("pools of engines");
  s.field("cluster", &Spec::cluster)
      .help("each region's Kubernetes cluster; its size comes from spec.regions");
  s.field("control_plane", &Spec::control_plane).help("each region's API server and etcd");
  s.field("kv_cache", &Spec::kv_cache).help("the distributed KV cache");
  s.field("safety", &Spec::safety).help("output checks and circuit breaker");
  s.field("services", &Spec::services)
      .help("what the fleet depends on beside its own parts: databases, log-ins, quotas");
  s.field("uses", &Spec::uses).help("who calls these services, and when");
  s.field("dns", &Spec::dns).help("names that are resolved before a connection is made");
  s.field("failures", &Spec::failures).help("hardware that fails by chance");
  s.field("operations", &Spec::operations).help("operators");
  s.field("mitigations", &Spec::mitigations).help("mitigations that are switched on");
  s.field("controllers", &Spec::controllers).help("controllers with queues of work");
  s.field("versions", &Spec::versions).help("what can be rolled out");
  s.field("timeline", &Spec::timeline).help("faults: what happens whatever the service does");
  s.field("expect", &Spec::expect).help("what must hold at the end, else exit code 1");
  s.field("output", &Spec::output).help("what is recorded");
}

namespace {
template <class P>
const P& own_or(const std::optional<P>& own, const P& of_service) {
  return own ? *own : of_service;
}
}  // namespace

const GatewayParams& Spec::gateway_of(std::size_t region) const {
  return own_or(regions[region].gateway, gateway);
}
const ReplicaChoiceParams& Spec::replica_choice_of(std::size_t region) const {
  return own_or(regions[region].replica_choice, replica_choice);
}
const ServingParams& Spec::serving_of(std::size_t region) const {
  return own_or(regions[region].serving, serving);
}
const ClusterParams& Spec::cluster_of(std::size_t region) const {
  return own_or(regions[region].cluster, cluster);
}
const ApiServerParams& Spec::control_plane_of(std::size_t region) const {
  return own_or(regions[region].control_plane, control_plane);
}

i32 Spec::gpus_per_pod(std::size_t region, std::size_t pool) const {
  const auto& workloads = cluster_of(region).workloads;
  return pool < workloads.size() ? workloads[pool].gpus_per_pod : 1;
}

void Scenario::describe(Schema<Scenario>& s) {
  s.field("apiVersion", &Scenario::api_version).required().help("stampede/v1alpha1");
  s.field("kind", &Scenario::kind).required().help("Scenario");
  s.field("metadata", &Scenario::metadata).required().help("name and summary");
  s.field("spec", &Scenario::spec).required().help("the fleet, its clients, what happens");
}

}  // namespace stampede
