// Which series a fleet exports under the names of real systems.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>

#include "models/control_plane/control_plane_record.h"
#include "models/ports/region_figures_port.h"
#include "models/serving/pool_latencies.h"
#include "sim/value_text.h"
#include "tools/judgement/observed.h"
#include "tools/world/exports.h"
#include "tools/world/fleet.h"

namespace stampede {
namespace {

double number(u64 n) { return static_cast<double>(n); }

struct Answer {
  const char* code;
  const char* text;
};

// By EtcdStatus: what a client of etcd's gRPC service hears. A write whose comparison fails is a
// transaction that succeeded in saying so.
constexpr std::array<const char*, 5> kGrpcCodes{"OK", "ResourceExhausted", "Unavailable",
                                                "ResourceExhausted", "OK"};
constexpr std::array<const char*, 5> kGrpcNotes{"", "apply gap", "", "quota", "compared"};
constexpr std::array<const char*, ApiRecord::kVerbs> kVerbs{"GET", "LIST", "POST", "PUT", "DELETE"};
constexpr std::array<const char*, ApiRecord::kVerbs> kScopes{"resource", "cluster", "resource",
                                                             "resource", "resource"};
constexpr std::array<const char*, ApiRecord::kStatuses> kCodes{"200", "429", "504",
                                                               "500", "409", "503"};
constexpr std::array<Answer, ApiRecord::kObjects> kResources{{{"pods", ""},
                                                              {"pods", "status"},
                                                              {"pods", "binding"},
                                                              {"events", ""},
                                                              {"leases", ""},
                                                              {"nodes", "status"},
                                                              {"endpointslices", ""},
                                                              {"replicasets", ""},
                                                              {"deployments", ""},
                                                              {"deployments", "scale"},
                                                              {"horizontalpodautoscalers", ""},
                                                              {"pods.metrics.k8s.io", ""},
                                                              {"leases", ""}}};
static_assert(kResources.back().code != nullptr, "one for each ApiObject");

using Read = std::function<double()>;

void export_etcd(const Exporter& to, const EtcdRecord* record,
                 const std::function<Read(const char*)>& stat) {
  const Read file = stat("etcd_file_bytes"), ratio = stat("etcd_file_ratio");
  to.gauge("etcd_mvcc_db_total_size_in_bytes", "size of the database file", file);
  to.gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "database file without its free pages",
           stat("etcd_in_use_bytes"));
  to.gauge("etcd_server_quota_backend_bytes", "quota of the database file", [file, ratio] {
    const double share = ratio();
    return share > 0 ? std::round(file() / share) : 0;
  });
  to.counter("etcd_server_leader_changes_seen", "changes of leader", stat("etcd_elections_total"));
  to.counter("etcd_server_proposals_failed", "proposals that were not answered in time",
             [record] { return number(record->handled[2]); });
  to.gauge("etcd_server_proposals_pending", "proposals that are not answered yet",
           stat("etcd_outstanding"));
  to.histogram("etcd_disk_wal_fsync_duration_seconds", "fsyncs of the leader's log", record->fsync);
  to.histogram("etcd_disk_backend_commit_duration_seconds", "commits of the members' backends",
               record->commit);
  to.histogram("etcd_network_peer_round_trip_time_seconds", "between the leader and its followers",
               record->round_trip);
  const Exporter grpc = to.with("grpc_type", "unary")
                            .with("grpc_service", "etcdserverpb.KV")
                            .with("grpc_method", "Txn");
  for (std::size_t k = 0; k < kGrpcCodes.size(); ++k)
    grpc.with("grpc_code", kGrpcCodes[k])
        .with("why", kGrpcNotes[k])
        .counter("grpc_server_handled", "writes answered",
                 [record, k] { return number(record->handled[k]); });
  grpc.histogram("grpc_server_handling_seconds", "time of a write until it is answered",
                 record->handling);
}

void export_members(const Exporter& to, const std::vector<EtcdScrape>& members) {
  for (std::size_t m = 0; m < members.size(); ++m) {
    const EtcdScrape& told = members[m];
    const std::string name = fmt::format("etcd-{}", m);
    to.with("instance", name)
        .gauge("up", "1 while it answers those who scrape it",
               [runs = told.runs] { return runs() ? 1.0 : 0.0; });
    // A member that is gone answers no scrape.
    to.with("instance", name)
        .gauge("etcd_server_has_leader", "1 while the member knows a leader",
               [told] { return told.runs() ? (told.has_leader() ? 1.0 : 0.0) : std::nan(""); });
    to.with("instance", "etcd")
        .with("To", name)
        .counter("etcd_network_peer_sent_failures", "heartbeats that could not be sent to a member",
                 [failures = told.sent_failures] { return number(failures()); });
  }
}

void export_api_server(const Exporter& to, const ApiRecord* record) {
  for (std::size_t s = 0; s < record->up.size(); ++s)
    to.with("instance", "apiserver-" + std::to_string(s))
        .gauge("up", "1 while it answers those who scrape it",
               [record, s] { return record->up[s]; });
  to.counter("apiserver_request_terminations", "requests that ended by a time-out",
             [record] { return number(record->terminations); });
  for (std::size_t v = 0; v < kVerbs.size(); ++v) {
    const Exporter verb = to.with("verb", kVerbs[v]);
    verb.with("scope", kScopes[v])
        .histogram("apiserver_request_sli_duration_seconds", "time of a request at the server",
                   record->duration[v]);
    for (std::size_t o = 0; o < kResources.size(); ++o)
      for (std::size_t k = 0; k < kCodes.size(); ++k)
        verb.with("resource", kResources[o].code)
            .with("subresource", kResources[o].text)
            .with("code", kCodes[k])
            .counter(
                "apiserver_request", "requests answered",
                [record, v, o, k] { return number(record->requests[v][o][k]); }, true);
  }
}

void export_gateway(const Exporter& to, const Read& arrived,
                    const std::function<Read(const char*)>& stat) {
  to.counter("envoy_cluster_upstream_rq", "attempts past the gateway's limits", arrived);
  to.counter("envoy_cluster_upstream_rq_pending_overflow", "attempts refused with 503",
             stat("refused_503_total"));
  to.with("envoy_response_code_class", "2")
      .counter("envoy_cluster_upstream_rq_xx", "answers by class of their code",
               stat("completed_total"));
  to.with("envoy_response_code_class", "5")
      .counter("envoy_cluster_upstream_rq_xx", "answers by class of their code",
               stat("refused_503_total"));
}

// How fast a counter grew since it was read last.
Read rate_of(const World& world, const Read& counter) {
  struct Last {
    Instant at{};
    double count = 0, rate = 0;
  };
  return [&world, counter, last = std::make_shared<Last>()] {
    const double seconds = (world.now() - last->at).seconds(), count = counter();
    if (seconds > 0) *last = {world.now(), count, (count - last->count) / seconds};
    return last->rate;
  };
}

}  // namespace

Exporter Exporter::with(const std::string& name, const std::string& value) const {
  Exporter other = *this;
  if (!value.empty()) other.labels_.emplace_back(name, value);
  return other;
}

void Exporter::add(const std::string& family, const std::string& help, ExportKind kind,
                   const std::string& suffix, std::function<double()> read, Labels labels) const {
  if (read) to_.push_back({family, help, kind, suffix, std::move(labels), std::move(read)});
}

void Exporter::gauge(const std::string& family, const std::string& help,
                     std::function<double()> read) const {
  add(family, help, ExportKind::kGauge, "", std::move(read), labels_);
}

void Exporter::counter(const std::string& family, const std::string& help,
                       std::function<double()> read, bool once_seen) const {
  add(family, help, ExportKind::kCounter, "_total", std::move(read), labels_);
  to_.back().once_seen = once_seen;
}

void Exporter::histogram(const std::string& family, const std::string& help,
                         const Histogram& histogram) const {
  const Histogram* of = &histogram;
  for (std::size_t k = 0; k < of->bounds().size(); ++k) {
    Labels labels = labels_;
    labels.emplace_back("le", print_number(of->bounds()[k]));
    add(
        family, help, ExportKind::kHistogram, "_bucket", [of, k] { return number(of->up_to(k)); },
        std::move(labels));
  }
  Labels labels = labels_;
  labels.emplace_back("le", "+Inf");
  add(
      family, help, ExportKind::kHistogram, "_bucket", [of] { return number(of->count()); },
      std::move(labels));
  add(
      family, help, ExportKind::kHistogram, "_sum", [of] { return of->sum(); }, labels_);
  add(
      family, help, ExportKind::kHistogram, "_count", [of] { return number(of->count()); },
      labels_);
}

// Of a statistic that is registered already; null: there is none.
Read Fleet::reads(const std::string& component, const std::string& stat) const {
  for (const StatInfo& row : world.stats.rows())
    if (row.component == component && row.name == stat) return row.read;
  return {};
}

std::vector<ExportedSeries> Fleet::exports() {
  std::vector<ExportedSeries> series;
  const Observed seen = observed();
  for (std::size_t r = 0; r < seen.regions.size(); ++r) {
    const std::string& region = spec.regions[r].name;
    const SystemRecords records = keep_records(r);
    const Exporter here(series, {{"region", region}, {"cluster", region}});
    export_etcd(here.with("job", "etcd").with("instance", "etcd"), records.etcd,
                [&](const char* stat) { return reads(region + "/api.etcd", stat); });
    export_members(here.with("job", "etcd"), records.members);
    export_api_server(here.with("job", "apiserver"), records.api);
    const Read arrived = [plane = seen.regions[r]] { return number(plane->counts().arrived); };
    export_gateway(here.with("job", "envoy").with("envoy_cluster_name", region), arrived,
                   [&](const char* stat) { return reads(region, stat); });
    for (std::size_t w = 0; w < spec.serving.pools.size(); ++w)
      export_pool(here, r, static_cast<WorkloadId>(w), *records.pools[w]);
    here.with("job", "vllm")
        .with("endpoint", "service-port")
        .with("server", region)
        .gauge("vllm:current_qps", "attempts past the gateway's limits, a second",
               rate_of(world, arrived));
  }
  return series;
}

void Fleet::export_pool(const Exporter& here, std::size_t r, WorkloadId w,
                        const PoolLatencies& latencies) const {
  const std::string& region = spec.regions[r].name;
  const std::string& pool = spec.serving.pools[w].name;
  const std::string set = region + "/cluster/" + pool;
  const auto of_set = [&](const char* stat) { return reads(set, stat); };
  const auto of_region = [&](const char* stat) { return reads(region, pool + stat); };

  const Exporter state =
      here.with("job", "kube-state-metrics").with("namespace", "default").with("pool", pool);
  const Exporter deployment = state.with("deployment", pool);
  deployment.gauge("kube_deployment_spec_replicas", "pods wanted", of_set("desired_pods"));
  deployment.gauge("kube_deployment_status_replicas", "pod objects", of_set("created_pods"));
  deployment.gauge("kube_deployment_status_replicas_available", "pods ready by their status",
                   of_region("_pods_reported_ready"));
  const Exporter scaler = state.with("horizontalpodautoscaler", pool);
  scaler.gauge("kube_horizontalpodautoscaler_status_desired_replicas",
               "replicas that the autoscaler asks for", of_region("_pods_desired"));
  scaler.gauge("kube_horizontalpodautoscaler_status_current_replicas", "pod objects",
               of_set("created_pods"));
  const char* phase = "pods in this phase: of the whole pool, without the label pod";
  state.with("phase", "Pending").gauge("kube_pod_status_phase", phase, of_set("pending_pods"));
  state.with("phase", "Running").gauge("kube_pod_status_phase", phase, of_set("running_pods"));

  here.with("job", "envoy")
      .with("pool", pool)
      .with("envoy_cluster_name", region + "_" + pool)
      .gauge("envoy_cluster_membership_healthy", "endpoints that the gateway knows",
             of_region("_pods_routable"));

  const Exporter vllm = here.with("job", "vllm")
                            .with("endpoint", "service-port")
                            .with("pool", pool)
                            .with("server", region + "-" + pool);
  vllm.histogram("vllm:time_to_first_token_seconds", "from a request's arrival at its pod",
                 latencies.ttft);
  vllm.histogram("vllm:e2e_request_latency_seconds", "from a request's arrival to its end",
                 latencies.request);
  vllm.histogram("vllm:request_time_per_output_token_seconds", "after the first, of each request",
                 latencies.per_token);
  vllm.counter("vllm:gpu_prefix_cache_hits", "prompt tokens found in caches",
               of_region("_cached_tokens_total"));
  vllm.counter("vllm:gpu_prefix_cache_queries", "prompt tokens looked for in caches",
               of_region("_looked_up_tokens_total"));
  vllm.gauge("vllm:healthy_pods_total", "endpoints that the router knows",
             of_region("_pods_routable"));
}

}  // namespace stampede
