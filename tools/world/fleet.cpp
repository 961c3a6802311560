#include "tools/world/fleet.h"

#include "tools/traces/trace_reader.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace {

// Mean requests per second of all recordings that are played.
double recorded_rate(const Spec& spec) {
  double rate = 0;
  for (const ClientClassParams& c : spec.clients)
    if (c.trace && c.trace->length.ns > 0)
      rate += static_cast<double>(c.trace->rows) * c.trace->rate_scale /
              (c.trace->length.seconds() * c.trace->time_scale);
  return rate;
}

}  // namespace

Fleet::Fleet(const Spec& s, RequestLog* log)
    : spec(s),
      world(static_cast<u64>(s.seed)),
      pushed_(s.regions.size()),
      ever_pushed_(s.regions.size()),
      stopped_(s.regions.size()) {
  const auto n = spec.regions.size();
  std::vector<NetworkRegion> names;
  std::vector<double> shares;
  std::vector<Duration> offsets;
  for (const RegionParams& r : spec.regions) {
    names.push_back({r.name});
    world.region_names.push_back(r.name);
    shares.push_back(r.share.value);
    offsets.push_back(r.utc_offset);
  }
  network = std::make_unique<Network>(world, spec.network, names);
  service = std::make_unique<ServiceLevel>(world, spec.slo, n, spec.duration);
  Demand demand(spec.demand, spec.start, shares, offsets);
  std::vector<double> served;  // requests per second at the start: capacity of the warm fleet
  double all_shares = 0;
  for (const double share : shares) all_shares += share;
  const double recorded = recorded_rate(spec);
  for (std::size_t r = 0; r < n; ++r)
    served.push_back(demand.rate(r, Instant{}) +
                     (recorded > 0 ? recorded * shares[r] / all_shares : 0));
  balancer = std::make_unique<GlobalBalancer>(world, "balancer", spec.balancer, *network, served);
  double live = 0;
  for (const ClientClassParams& c : spec.clients)
    if (!c.trace) live += c.share.value * spec.demand.rate.per_second * 2 * c.think_time.seconds();
  kv = std::make_unique<KvCache>(world, spec.kv_cache, *network, static_cast<u32>(n),
                                 static_cast<u32>(live) + 1024);
  safety = std::make_unique<SafetyLayer>(world, spec.safety, static_cast<u32>(n));
  safety->on_opened = [this](IncidentId id) { breaker_opened_ = id; };
  safety->on_closed = [this](IncidentId id) { closed_ = id; };
  kv->on_flush_finished = [this](IncidentId id) { flushed_ = id; };

  for (std::size_t r = 0; r < n; ++r) build_region(r, served);

  Population::Wiring wiring;
  wiring.network = network.get();
  wiring.balancer = balancer.get();
  wiring.kv = kv.get();
  wiring.attempts = &attempts;
  wiring.service = service.get();
  wiring.log = log;
  for (auto& plane : region_planes) wiring.regions.push_back(plane.get());
  for (const ClientClassParams& c : spec.clients)
    wiring.traces.push_back(c.trace ? open_trace(*c.trace) : nullptr);
  clients = std::make_unique<Population>(world, spec.clients, demand, n, wiring);
  for (std::size_t r = 0; r < n; ++r) {
    Region::Wiring inside;
    inside.clients = clients.get();
    inside.kv = kv.get();
    inside.safety = safety.get();
    inside.attempts = &attempts;
    inside.text = clients.get();
    for (std::size_t w = 0; w < spec.serving.pools.size(); ++w)
      inside.choice.push_back(choices_[r * spec.serving.pools.size() + w].get());
    region_planes[r]->connect(inside);
  }
  safety->load = [this] {
    double worst = 0;
    for (auto& plane : region_planes) worst = std::max(worst, plane->load(0));
    return worst;
  };
  network->add_listener(clients.get());
  network->add_listener(kv.get());
  const auto& steps = spec.operations.steps;
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (const auto* listed : {&steps[i].needs, &steps[i].after})
      for (const std::string& name : *listed)
        if (std::none_of(steps.begin(), steps.end(),
                         [&](const StepParams& step) { return step.name == name; }))
          throw ScenarioError("spec.operations.steps[" + std::to_string(i) + "]." +
                                  (listed == &steps[i].needs ? "needs" : "after"),
                              "no step is called '" + name + "'");
  for (std::size_t i = 0; i < steps.size(); ++i)
    check_target(steps[i].action, "spec.operations.steps[" + std::to_string(i) + "]");
  for (std::size_t i = 0; i < spec.timeline.size(); ++i)
    check_target(spec.timeline[i].action, "spec.timeline[" + std::to_string(i) + "]");
  runbook = std::make_unique<Runbook>(world, spec.operations.steps, spec.timeline, *this);
  register_stats();
}

// An action that names a region must name one of the scenario's.
void Fleet::check_target(const ActionSelection& action, const std::string& path) const {
  const void* object = action.params.get();
  const TypeInfo* type = action.type;
  for (const char* key : {"target", "region"}) {
    const auto field = std::find_if(type->fields.begin(), type->fields.end(),
                                    [&](const FieldInfo& f) { return f.key == key; });
    if (field == type->fields.end()) return;
    object = field->get(object);
    type = field->type;
  }
  const std::string& name = *static_cast<const std::string*>(object);
  if (!name.empty() && std::none_of(spec.regions.begin(), spec.regions.end(),
                                    [&](const RegionParams& r) { return r.name == name; }))
    throw ScenarioError(path + ".action.target.region", "no region is called '" + name + "'");
}

void Fleet::build_region(std::size_t r, const std::vector<double>& served) {
  const RegionParams& region = spec.regions[r];
  const std::size_t pools = spec.serving.pools.size();
  if (region.pools.size() != pools)
    throw ScenarioError("spec.regions[" + std::to_string(r) + "].pools",
                        "needs one entry for each pool of spec.serving.pools");
  region_planes.push_back(std::make_unique<Region>(world, static_cast<RegionId>(r), region.name,
                                                   spec.serving, spec.gateway));
  api.push_back(std::make_unique<ApiServer>(world, spec.control_plane, region.name + "/api"));
  ClusterParams cluster = spec.cluster;
  cluster.nodes = region.nodes;
  cluster.missing_gpus = region.missing_gpus;
  cluster.workloads.resize(pools);
  for (std::size_t w = 0; w < pools; ++w) {
    cluster::WorkloadParams& workload = cluster.workloads[w];
    workload.name = spec.serving.pools[w].name;
    workload.replicas = region.pools[w].replicas;
    workload.gpu_limit = region.pools[w].gpu_limit;
    if (!workload.autoscaler) continue;
    cluster::AutoscalerParams& scaler = *workload.autoscaler;
    if (region.pools[w].min_replicas) scaler.min_replicas = *region.pools[w].min_replicas;
  }
  clusters.push_back(std::make_unique<Cluster>(world, region.name + "/cluster", cluster, *api[r],
                                               *region_planes[r]));
  clusters[r]->add_endpoint_consumer(region_planes[r].get());
  auto watch = std::make_unique<CapacityWatch>();
  watch->balancer = balancer.get();
  watch->region = static_cast<RegionId>(r);
  watch->per_pod = served[r] / std::max(1, region.pools[0].replicas);
  clusters[r]->add_endpoint_consumer(watch.get());
  watches_.push_back(std::move(watch));
  for (std::size_t w = 0; w < pools; ++w)
    choices_.push_back(make_replica_choice(spec.replica_choice, world, region.name + "/choice",
                                           region_planes[r]->active()));
}

void Fleet::start() {
  for (std::size_t r = 0; r < regions(); ++r) {
    clusters[r]->start_warm();
    const auto& pods = clusters[r]->state().pods;
    for (u32 id = 0; id < pods.size(); ++id) api[r]->preload_status(id, pods[id].api_status);
  }
  clients->start();
  runbook->start();
}

void Fleet::refresh_views() {
  for (RegionId r = 0; r < regions(); ++r) {
    region_planes[r]->update_load();
    if (api[r]->frozen() || api[r]->saturated())
      balancer->view_stalled(r, api[r]->saturated_incident());
    else
      balancer->view_refreshed(r);
  }
  service->sample();
  if (safety->globally_open()) service->breaker_open_now();
}

RegionId Fleet::region(const std::string& name) const {
  for (std::size_t r = 0; r < regions(); ++r)
    if (spec.regions[r].name == name) return static_cast<RegionId>(r);
  throw ScenarioError("spec", "no region is called '" + name + "'");
}

void Fleet::push_export_policy(RegionId r, const RoutingExport& policy) {
  const ExportChoice choice = policy.exported == ExportedRoutes::kAll    ? ExportChoice::kAll
                              : policy.exported == ExportedRoutes::kNone ? ExportChoice::kNone
                                                                         : ExportChoice::kMissing;
  pushed_[r] = network->push_policy(r, {choice, policy.prefixes, true});
  ever_pushed_[r] = true;
}

void Fleet::restore_export_policy(RegionId r, IncidentId cause) {
  network->restore_policy(r, cause);
  pushed_[r] = kNoIncident;
}

// Stopping means that somebody also takes back what was asked for beyond the fleet, and stays at it
// while the write is refused.
void Fleet::set_autoscaler(RegionId r, bool enabled, bool pin_to_fleet, IncidentId cause) {
  for (std::size_t w = 0; pin_to_fleet && w < clusters[r]->workloads(); ++w) {
    const i32 fleet = spec.regions[r].pools[w].replicas;
    clusters[r]->bound_autoscaler(static_cast<WorkloadId>(w), fleet, fleet);
  }
  clusters[r]->set_autoscaler_enabled(enabled);
  stopped_[r] = !enabled;
  if (enabled) return;
  for (WorkloadId w = 0; w < clusters[r]->workloads(); ++w)
    if (const i32 fleet = spec.regions[r].pools[w].replicas; clusters[r]->desired(w) > fleet)
      clusters[r]->scale(w, fleet, cause);
}

Completion Fleet::compact_defragment_disarm(RegionId r, IncidentId cause) {
  if (api[r]->saturated()) cause = api[r]->saturated_incident();
  auto done = std::make_shared<bool>(false);
  api[r]->request_compact_defragment_disarm(cause, [done](bool) { *done = true; });
  return [done] { return *done; };
}

void Fleet::set_fsync_delay(RegionId r, Duration delay) {
  for (i32 m = 0; m < spec.control_plane.etcd.members; ++m) api[r]->set_fsync_delay(m, delay);
}

void Fleet::stall_disk(RegionId r, Duration during) {
  for (i32 m = 0; m < spec.control_plane.etcd.members; ++m) api[r]->stall(m, during);
}

Completion Fleet::flush_cache(IncidentId cause) {
  kv->start_flush(cause);
  return [this] { return !kv->flushing(); };
}

Completion Fleet::bump_cache_epoch(IncidentId cause) {
  kv->start_epoch_bump(cause);
  return [this] { return !kv->flushing(); };
}

Completion Fleet::start_ramp(IncidentId cause) {
  safety->start_ramp(flushed_ != kNoIncident ? flushed_ : cause);
  return [this] { return !breaker_open(); };
}

void Fleet::open_breaker(IncidentId cause) { safety->open_by_hand(cause); }

bool Fleet::any_prefix_withdrawn() const {
  for (const IncidentId pushed : pushed_)
    if (pushed != kNoIncident) return true;
  return false;
}

bool Fleet::breaker_open() const {
  for (RegionId r = 0; r < regions(); ++r)
    if (safety->breaker(r).state() != BreakerState::kClosed) return true;
  return false;
}

bool Fleet::autoscaler_stopped() const {
  for (const bool stopped : stopped_)
    if (stopped) return true;
  return false;
}

IncidentId Fleet::latest(const std::string& topic) const {
  if (topic == "prefix_withdrawn")
    for (const IncidentId pushed : pushed_)
      if (pushed != kNoIncident) return pushed;
  if (topic == "breaker_open") return flushed_ != kNoIncident ? flushed_ : breaker_opened_;
  if (topic == "control_plane_frozen")
    for (const auto& server : api)
      if (server->saturated()) return server->saturated_incident();
  return kNoIncident;
}

}  // namespace stampede
