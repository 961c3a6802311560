#include "tools/world/fleet.h"

#include <algorithm>

#include "models/balancing/capacity_watch.h"
#include "models/balancing/global_balancer.h"
#include "models/balancing/health_checks.h"
#include "models/balancing/replica_choice.h"
#include "models/balancing/view_keeper.h"
#include "models/changes/changes.h"
#include "models/changes/failures.h"
#include "models/clients/demand.h"
#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/cluster/cluster.h"
#include "models/control_plane/api_load.h"
#include "models/control_plane/api_server.h"
#include "models/control_plane/etcd.h"
#include "models/controllers/work_queue.h"
#include "models/kv_cache/kv_cache.h"
#include "models/network/network.h"
#include "models/operations/runbook.h"
#include "models/safety/safety_layer.h"
#include "models/serving/region.h"
#include "tools/traces/trace_reader.h"
#include "tools/world/live_values.h"
#include "tools/world/mechanisms.h"
#include "tools/world/operations_consistency.h"
#include "tools/world/pool_classes.h"
#include "tools/world/service_net.h"
#include "tools/world/simulation.h"

namespace stampede {
Fleet::Fleet(const Spec& s, RequestLog* log) : spec(s), world(static_cast<u64>(s.seed)), log_(log) {
  world.calendar_start = spec.start.unix_seconds;
  const auto n = spec.regions.size();
  std::vector<NetworkRegion> names;
  std::vector<double> shares;
  std::vector<Duration> offsets;
  for (const RegionParams& r : spec.regions) {
    names.push_back({r.name, r.site});
    world.region_names.push_back(r.name);
    shares.push_back(r.share.value);
    offsets.push_back(r.utc_offset);
  }
  network_ = std::make_unique<Network>(world, spec.network, names);
  service_ = std::make_unique<ServiceLevel>(world, spec.slo, n, spec.duration);
  Demand demand(spec.demand, spec.start, shares, offsets);
  for (std::size_t r = 0; r < n; ++r) own_.push_back(region_spec(spec, r));
  std::vector<double> capacity;
  for (std::size_t r = 0; r < n; ++r) {
    double& all = capacity.emplace_back();
    for (std::size_t w = 0; w < own_[r].rate_per_endpoint.size(); ++w)
      all += own_[r].rate_per_endpoint[w] * spec.regions[r].pools[w].replicas;
  }
  balancer_ = std::make_unique<GlobalBalancer>(world, "balancer", spec.balancer, *network_,
                                               std::move(capacity));
  if (balancer_->health_checks())
    health_checks_ = std::make_unique<HealthChecks>(world, *balancer_->health_checks(), *network_,
                                                    *network_, *balancer_, n);
  filter_regions();
  double live = 0;
  for (const ClientClassParams& c : spec.clients)
    if (!c.trace) live += c.share.value * spec.demand.rate.per_second * 2 * c.think_time.seconds();
  std::vector<KvRegionParams> stores;
  for (const RegionParams& r : spec.regions) stores.push_back(r.kv_cache);
  kv_ = std::make_unique<KvCache>(world, spec.kv_cache, *network_, static_cast<u32>(n),
                                  static_cast<u32>(live) + 1024, stores);
  safety_ = std::make_unique<SafetyLayer>(world, spec.safety, static_cast<u32>(n));
  services_ = std::make_unique<ServiceNet>(world, spec, *network_, attempts_);

  for (std::size_t r = 0; r < n; ++r) {
    world.stats.about(static_cast<u32>(r));
    build_region(r);
  }
  world.stats.about(std::nullopt);

  connect_clients(demand);
  for (std::size_t r = 0; r < n; ++r) {
    world.stats.about(static_cast<u32>(r));
    connect_region(r);
  }
  world.stats.about(std::nullopt);
  std::vector<const LoadPort*> loads;
  for (const auto& plane : regions_) loads.push_back(plane.get());
  safety_->gate_on(std::move(loads));
  std::vector<const ControlPlanePort*> planes;
  for (const auto& server : api_servers_) planes.push_back(server.get());
  services_->connect(planes, *network_);
  views_ = std::make_unique<ViewKeeper>(*balancer_, std::move(planes));
  network_->add_listener(clients_.get());
  network_->add_listener(kv_.get());
  build_controllers();
  expose_parameters();
  changes_ = std::make_unique<Changes>(world, spec.timeline, scene(), spec.versions);
  if (spec.failures.any()) let_hardware_fail();
  register_stats();
  check_signals(spec, world);
  runbook_ = std::make_unique<Runbook>(world, spec.operations, *changes_, scene());
  for (const TimelineParams& item : spec.timeline) changes_->prepare(item.action, *runbook_);
  for (const StepParams& step : spec.operations.steps) changes_->prepare(step.action, *runbook_);
}

Fleet::~Fleet() = default;

void Fleet::let_hardware_fail() {
  std::vector<Failures::Region> regions;
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    Failures::Region& region = regions.emplace_back();
    region.gpus_per_node = own_[r].cluster.gpus_per_node;
    for (std::size_t w = 0; w < own_[r].serving.pools.size(); ++w)
      region.gpus_per_pod.push_back(spec.gpus_per_pod(r, w));
  }
  failures_ = std::make_unique<Failures>(world, spec.failures, scene(), std::move(regions));
}

void Fleet::filter_regions() {
  region_filters_ = mechanisms_of<RegionFilter>(spec, {world, "balancer", spec.regions.size()});
  std::vector<RegionFilter*> filters;
  for (const auto& filter : region_filters_) filters.push_back(filter.get());
  if (health_checks_) filters.push_back(health_checks_.get());
  if (filters.empty()) return;
  balancer_->connect(std::move(filters));
}

void Fleet::connect_clients(const Demand& demand) {
  Population::Wiring wiring;
  wiring.network = network_.get();
  wiring.balancer = balancer_.get();
  wiring.kv = kv_.get();
  wiring.attempts = &attempts_;
  wiring.service = service_.get();
  wiring.log = log_;
  for (auto& plane : regions_) wiring.regions.push_back(plane.get());
  for (const ClientClassParams& c : spec.clients) {
    wiring.traces.push_back(c.trace ? open_trace(*c.trace) : nullptr);
    auto hedging = mechanism_of<HedgingPolicy>(spec, {world, "clients/" + c.name});
    if (!hedging) continue;
    wiring.hedging.push_back(hedging.get());
    hedging_.push_back(std::move(hedging));
  }
  single_flight_ = mechanism_of<SingleFlight>(spec, {world, "single_flight"});
  wiring.single_flight = single_flight_.get();
  clients_ = std::make_unique<Population>(world, spec.clients, demand, spec.regions.size(), wiring);
}

void Fleet::connect_region(std::size_t r) {
  Region::Wiring inside;
  inside.clients = clients_.get();
  inside.by_connection = own_[r].replica_choice.policy == ChoiceKind::kRoundRobinConnections &&
                         std::any_of(spec.clients.begin(), spec.clients.end(),
                                     [](const ClientClassParams& c) { return c.connections > 0; });
  inside.kv = kv_.get();
  inside.safety = safety_.get();
  inside.attempts = &attempts_;
  inside.text = clients_.get();
  inside.processes = clusters_[r].get();
  inside.stages = log_ != nullptr ? clients_.get() : nullptr;
  deadlines_.push_back(mechanism_of<DeadlinePolicy>(spec, {world, spec.regions[r].name}));
  inside.deadline = deadlines_.back().get();
  inside.services = services_->of_gateway(r);
  inside.pools_of = pools_by_class(own_[r].serving.pools, spec.clients);
  for (std::size_t w = 0; w < spec.serving.pools.size(); ++w) {
    const std::size_t pool = r * spec.serving.pools.size() + w;
    inside.choice.push_back(choices_[pool] ? choices_[pool].get()
                                           : rules_[r]->add(static_cast<WorkloadId>(w)));
    auto& filters = inside.filters.emplace_back();
    for (const auto& filter : filters_[pool]) filters.push_back(filter.get());
    auto& admission = inside.admission.emplace_back();
    for (const auto& policy : admission_[pool]) admission.push_back(policy.get());
  }
  regions_[r]->connect(inside);
  if (health_checks_)
    health_checks_->connect(static_cast<RegionId>(r),
                            {regions_[r].get(), clusters_[r].get(), &clusters_[r]->hosts()});
}

void Fleet::build_controllers() {
  for (const WorkQueueParams& p : spec.controllers) {
    std::vector<NodesOfRegion> nodes;
    for (std::size_t r = 0; r < clusters_.size(); ++r)
      if (p.region.empty() || spec.regions[r].name == p.region)
        nodes.push_back({&clusters_[r]->hosts()});
    controllers_.push_back(std::make_unique<WorkQueue>(world, p, nodes));
    controllers_.back()->ask_of(services_->for_controller(p));
  }
  for (std::size_t k = 0; k < controllers_.size(); ++k)
    for (std::size_t j = 0; j < controllers_.size(); ++j)
      if (!spec.controllers[k].after.empty() &&
          spec.controllers[j].name == spec.controllers[k].after)
        controllers_[k]->follow(*controllers_[j]);
}

// Every component of a region is given that region's own parameters, here and nowhere else.
void Fleet::build_region(std::size_t r) {
  const RegionSpec& region = own_[r];
  const std::size_t pools = region.serving.pools.size();
  regions_.push_back(std::make_unique<Region>(world, static_cast<RegionId>(r), region.name,
                                              region.serving, region.gateway));
  api_servers_.push_back(
      std::make_unique<ApiServer>(world, region.control_plane, region.name + "/api"));
  clusters_.push_back(std::make_unique<Cluster>(world, region.name + "/cluster", region.cluster,
                                                *api_servers_[r], *regions_[r]));
  clusters_[r]->add_endpoint_consumer(regions_[r].get());
  clusters_[r]->ask_at_start(services_->at_start(r));
  clusters_[r]->ask_before_renewal(services_->at_renewal(r));
  services_->connect(r, *regions_[r]);
  api_servers_[r]->follow(clusters_[r].get());
  api_loads_.push_back(std::make_unique<ApiLoad>(world, region.name + "/api_load", *api_servers_[r],
                                                 clusters_[r]->hosts()));
  watches_.push_back(std::make_unique<CapacityWatch>(*balancer_, static_cast<RegionId>(r),
                                                     region.rate_per_endpoint));
  clusters_[r]->add_endpoint_consumer(watches_[r].get());
  rules_.push_back(std::make_unique<ReplicaChoices>(
      region.replica_choice, world, region.name + "/choice", regions_[r]->active(), *regions_[r]));
  for (std::size_t w = 0; w < pools; ++w) {
    const std::string pool = region.name + "/" + region.serving.pools[w].name;
    choices_.push_back(
        mechanism_of<ReplicaChoice>(spec, {world, pool, regions_[r]->active(), regions_[r].get(),
                                           static_cast<WorkloadId>(w), clusters_[r].get()}));
    filters_.push_back(mechanisms_of<EndpointFilter>(spec, {world, pool}));
    admission_.emplace_back();
    if (region.serving.pools[w].engine.role != EngineRole::kDecode)
      admission_.back() =
          mechanisms_of<AdmissionPolicy>(spec, {world, pool, regions_[r]->active()});
    if (health_checks_)
      filters_.back().push_back(
          health_checks_->filter_for(static_cast<RegionId>(r), static_cast<WorkloadId>(w)));
  }
}

// Who acts by which part of the scenario.
void Fleet::expose_parameters() {
  live_ = std::make_unique<LiveValues>(spec, world);
  live_->add("spec.slo", service_->live());
  live_->add("spec.demand", clients_->live_demand());
  for (std::size_t k = 0; k < spec.clients.size(); ++k)
    live_->add("spec.clients[" + std::to_string(k) + "]", clients_->live_class(k));
  live_->add("spec.network", network_->live());
  live_->add("spec.network.bgp", network_->live_bgp());
  live_->add("spec.balancer", balancer_->live());
  live_->add("spec.kv_cache", kv_->live());
  live_->add("spec.safety", safety_->live());
  services_->expose(*live_);
  for (std::size_t k = 0; k < controllers_.size(); ++k)
    live_->add("spec.controllers[" + std::to_string(k) + "]", controllers_[k]->live());
  for (std::size_t r = 0; r < regions_.size(); ++r) expose_region(r);
}

void Fleet::expose_region(std::size_t r) {
  live_->add("spec.regions[" + std::to_string(r) + "].kv_cache",
             kv_->live_region(static_cast<RegionId>(r)));
  live_->add("spec.gateway", r, regions_[r]->live_gateway());
  live_->add("spec.serving", r, regions_[r]->live_serving());
  live_->add("spec.replica_choice", r, rules_[r]->live());
  live_->add("spec.cluster", r, clusters_[r]->live());
  live_->add("spec.control_plane", r, api_servers_[r]->live());
  live_->add("spec.control_plane.etcd", r, api_servers_[r]->live_etcd());
  if (api_servers_[r]->events_etcd() != nullptr)
    live_->add("spec.control_plane.etcd", r, api_servers_[r]->live_events_etcd());
  for (std::size_t w = 0; w < spec.regions[r].pools.size(); ++w)
    if (spec.regions[r].pools[w].min_replicas)
      live_->hide("spec.cluster.workloads[" + std::to_string(w) + "].autoscaler.min_replicas", r);
}

void Fleet::start() {
  changes_->begin();
  for (std::size_t r = 0; r < regions_.size(); ++r) {
    clusters_[r]->start_warm();
    const auto& pods = clusters_[r]->state().pods;
    for (u32 id = 0; id < pods.size(); ++id)
      api_servers_[r]->preload_status(id, pods[id].api_ready);
  }
  if (health_checks_) health_checks_->start();
  kv_->start();
  for (const auto& controller : controllers_) controller->start();
  clients_->start();
  services_->start();
  changes_->start();
  if (failures_) failures_->start();
  runbook_->start();
}

void Fleet::refresh_views() {
  for (auto& plane : regions_) plane->update_load();
  views_->look();
  service_->sample();
  if (safety_->globally_open()) service_->breaker_open_now();
}

void Fleet::finish() { clients_->log_open_requests(); }

SystemRecords Fleet::keep_records(std::size_t r) {
  SystemRecords records;
  Etcd& etcd = api_servers_[r]->etcd();
  records.etcd = &etcd.keep_record();
  for (u32 m = 0; m < etcd.members(); ++m)
    records.members.push_back({[&etcd, m] { return etcd.runs(m); },
                               [&etcd] { return etcd.has_leader(); },
                               [&etcd, m] { return etcd.sent_failures(m); }});
  records.api = &api_servers_[r]->keep_record();
  for (std::size_t w = 0; w < spec.serving.pools.size(); ++w)
    records.pools.push_back(&regions_[r]->keep_pool_latencies(static_cast<WorkloadId>(w)));
  return records;
}

Observed Fleet::observed() {
  Observed seen{spec,      world,     *network_, *service_, *kv_, *safety_,
                *clients_, *runbook_, *changes_, {},        {},   {}};
  for (const auto& region : regions_) seen.regions.push_back(region.get());
  for (const auto& server : api_servers_) seen.api_servers.push_back(server.get());
  for (const auto& cluster : clusters_) seen.clusters.push_back(cluster.get());
  return seen;
}

Scene Fleet::scene() const {
  Scene scene;
  scene.regions = world.region_names;
  for (const RegionParams& r : spec.regions) scene.sites.push_back(r.site);
  scene.routing = network_.get();
  scene.paths = network_.get();
  scene.links = network_.get();
  for (const auto& cluster : clusters_) scene.autoscalers.push_back(cluster.get());
  for (const auto& server : api_servers_) scene.control_planes.push_back(server.get());
  scene.cache = kv_.get();
  scene.clocks = kv_.get();
  scene.breakers = safety_.get();
  scene.service = service_.get();
  scene.live = live_.get();
  scene.demand = clients_.get();
  for (const ClientClassParams& c : spec.clients)
    if (!c.trace) scene.client_classes.push_back(c.name);
  for (const auto& cluster : clusters_) {
    scene.pods.push_back(cluster.get());
    scene.nodes.push_back(&cluster->hosts());
  }
  for (const auto& region : regions_) {
    scene.servers.push_back(region.get());
    scene.gates.push_back(region.get());
    scene.versions.push_back(region.get());
  }
  scene.traffic = balancer_.get();
  for (const ClientClassParams& c : spec.clients) scene.all_classes.push_back(c.name);
  for (const auto& load : api_loads_) scene.api_loads.push_back(load.get());
  for (const PoolParams& pool : spec.serving.pools) scene.pools.push_back(pool.name);
  scene.draws = world.stream("changes", "targets");
  scene.network = network_.get();
  for (std::size_t k = 0; k < controllers_.size(); ++k) {
    scene.controllers.push_back(controllers_[k].get());
    scene.controller_names.push_back(spec.controllers[k].name);
  }
  scene.services = services_->named();
  scene.names = services_->names();
  scene.answer_caches = services_->answer_caches();
  return scene;
}

}  // namespace stampede
