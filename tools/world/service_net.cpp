#include "tools/world/service_net.h"

#include <algorithm>

#include "models/clients/caller_retries.h"
#include "models/dependencies/class_filter.h"
#include "models/dependencies/dns_name.h"
#include "models/dependencies/health_check.h"
#include "models/dependencies/policy_refresh.h"
#include "models/dependencies/resolvers.h"
#include "models/dependencies/service.h"
#include "models/dependencies/use.h"
#include "models/dependencies/use_chain.h"
#include "tools/world/live_values.h"

namespace stampede {
namespace {

// A list that is left out holds all.
bool among(const std::string& name, const std::vector<std::string>& names) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

ServiceNet::ServiceNet(World& world, const Spec& spec, const NetworkPort& network,
                       const AttemptPool& attempts)
    : world_(world),
      spec_(spec),
      network_(network),
      attempts_(attempts),
      callers_(spec.regions.size()) {
  for (const DnsNameParams& name : spec_.dns)
    names_.push_back(std::make_unique<DnsName>(world_, name));
  build_services();
  for (std::size_t r = 0; r < spec_.regions.size(); ++r) {
    world_.stats.about(static_cast<u32>(r));
    build_region(r);
  }
  world_.stats.about(std::nullopt);
  build_calls();
}

ServiceNet::~ServiceNet() = default;

RegionId ServiceNet::place_of(const std::string& service) const {
  for (const ServiceParams& s : spec_.services)
    for (std::size_t r = 0; r < spec_.regions.size(); ++r)
      if (s.name == service && s.region == spec_.regions[r].name) return static_cast<RegionId>(r);
  return kNoRegion;
}

void ServiceNet::build_services() {
  for (std::size_t k = 0; k < spec_.services.size(); ++k) {
    const ServiceParams& params = spec_.services[k];
    const std::string path = "services/" + params.name;
    if (!params.in_each_region) {
      const RegionId place = place_of(params.name);
      world_.stats.about(place == kNoRegion ? std::nullopt : std::optional<u32>(place));
      services_.push_back({k, kNoRegion, std::make_unique<Service>(world_, path, params)});
      continue;
    }
    for (std::size_t r = 0; r < spec_.regions.size(); ++r) {
      const auto& there = params.regions;
      if (!there.empty() &&
          std::find(there.begin(), there.end(), spec_.regions[r].name) == there.end())
        continue;
      world_.stats.about(static_cast<u32>(r));
      services_.push_back(
          {k, static_cast<RegionId>(r),
           std::make_unique<Service>(world_, spec_.regions[r].name + "/" + path, params)});
    }
  }
}

// What a caller in this region gets under the name; where there is none, the first.
Service& ServiceNet::service_for(const std::string& name, RegionId region) const {
  Service* first = nullptr;
  for (const Placed& s : services_) {
    if (spec_.services[s.service].name != name) continue;
    if (s.region == kNoRegion || s.region == region) return *s.at;
    if (first == nullptr) first = s.at.get();
  }
  if (first == nullptr) invariant_failed("no service is called " + name);
  return *first;
}

ServicePort* ServiceNet::in_turn(std::vector<ServicePort*> links) {
  if (links.size() < 2) return links.empty() ? nullptr : links.front();
  return chains_.emplace_back(std::make_unique<UseChain>(std::move(links))).get();
}

Use::Wiring ServiceNet::wiring_to(const std::string& name, RegionId from,
                                  RetryPort& retries) const {
  Use::Wiring wiring{&service_for(name, from), &retries, nullptr, from, place_of(name), {}};
  if (wiring.to != kNoRegion && from != kNoRegion) wiring.network = &network_;
  for (const Placed& s : services_) {
    const ServiceParams& params = spec_.services[s.service];
    if (params.name != name || !params.anycast || from == kNoRegion) continue;
    if (wiring.sites.empty() || s.region == from) wiring.to = s.region;
    wiring.network = &network_;
    wiring.sites.push_back({s.at.get(), s.region});
  }
  return wiring;
}

std::vector<ClientNetwork> ServiceNet::clients_at(RegionId home) const {
  std::vector<ClientNetwork> there;
  for (ClientNetwork c = 0; c < network_.client_networks(); ++c)
    if (network_.home(c) == home) there.push_back(c);
  return there;
}

// Resolvers of their own for whoever asks under this path.
ServicePort* ServiceNet::add_resolvers(std::size_t k, const std::string& path, RegionId region) {
  const DnsNameParams& name = spec_.dns[k];
  ServicePort* authority = nullptr;
  if (!name.authority.empty()) {
    UseParams params;
    params.name = params.service = name.authority;
    params.timeout = name.resolvers.timeout;
    RetryParams tries;
    tries.policy = RetryKind::kImmediate;
    tries.max_attempts = name.resolvers.tries;
    Authority& added = authorities_.emplace_back();
    added.retries = make_caller_retries(world_, path + "/authority", tries);
    Use::Wiring wiring = wiring_to(name.authority, region, *added.retries);
    if (name.resolvers.place == ResolverPlace::kClients && wiring.network != nullptr) {
      wiring.clients = clients_at(region);
      wiring.from = kNoRegion;
    }
    added.use = std::make_unique<Use>(world_, path + "/authority", params, std::move(wiring));
    authority = added.use.get();
  }
  resolvers_.push_back(std::make_unique<Resolvers>(world_, path, *names_[k], authority));
  return resolvers_.back().get();
}

ServiceNet::Caller& ServiceNet::add_use(std::size_t k, const std::string& owner, RegionId region) {
  const ServiceUseParams& params = spec_.uses[k];
  const std::string path = owner + "/uses/" + params.name;
  Caller caller{k, region, make_caller_retries(world_, path, params.retry, params.processes),
                nullptr, nullptr};
  caller.at = std::make_unique<Use>(world_, path, params,
                                    wiring_to(params.service, region, *caller.retries));
  caller.retries->spares(caller.at.get());
  caller.asked = behind_names(*caller.at, path, region);
  return uses_.emplace_back(std::move(caller));
}

// Whoever asks resolves the service's names before.
ServicePort* ServiceNet::behind_names(Use& use, const std::string& path, RegionId region) {
  std::vector<ServicePort*> links;
  for (std::size_t n = 0; n < spec_.dns.size(); ++n) {
    const auto& records = spec_.dns[n].records;
    if (std::find(records.begin(), records.end(), use.params().service) != records.end())
      links.push_back(add_resolvers(n, path + "/dns/" + spec_.dns[n].name, region));
  }
  links.push_back(&use);
  return in_turn(std::move(links));
}

std::vector<ServicePort*> ServiceNet::of_region(std::size_t region, UsePer per,
                                                std::optional<std::size_t> pool) const {
  std::vector<ServicePort*> links;
  for (const Caller& caller : uses_) {
    const ServiceUseParams& use = spec_.uses[caller.use];
    if (caller.region == region && use.per == per &&
        (!pool || among(spec_.serving.pools[*pool].name, use.whom.pools)))
      links.push_back(caller.asked);
  }
  return links;
}

ServicePort* ServiceNet::for_classes(ServicePort* asked, const UseForParams& whom) {
  if (whom.classes.empty()) return asked;
  std::vector<u8> needs;
  for (const ClientClassParams& c : spec_.clients)
    needs.push_back(among(c.name, whom.classes) ? 1 : 0);
  return class_filters_
      .emplace_back(std::make_unique<ClassFilter>(*asked, attempts_, std::move(needs)))
      .get();
}

void ServiceNet::build_region(std::size_t r) {
  const std::string& name = spec_.regions[r].name;
  for (std::size_t k = 0; k < spec_.uses.size(); ++k) {
    if (spec_.uses[k].per == UsePer::kCall || !among(name, spec_.uses[k].whom.regions)) continue;
    Caller& caller = add_use(k, name, static_cast<RegionId>(r));
    caller.asked = for_classes(caller.asked, spec_.uses[k].whom);
  }
  std::vector<ServicePort*> request;
  for (std::size_t n = 0; n < spec_.dns.size(); ++n) {
    const auto& records = spec_.dns[n].records;
    if (std::find(records.begin(), records.end(), name) != records.end())
      request.push_back(
          add_resolvers(n, name + "/dns/" + spec_.dns[n].name, static_cast<RegionId>(r)));
  }
  GatewayServices& gateway = callers_[r].gateway;
  gateway.name_stages = static_cast<u8>(request.size());
  std::vector<ServicePort*> log_in = request;
  for (ServicePort* port : of_region(r, UsePer::kLogIn)) log_in.push_back(port);
  gateway.log_in_stages = static_cast<u8>(log_in.size() - request.size());
  for (ServicePort* port : of_region(r, UsePer::kRequest)) {
    log_in.push_back(port);
    request.push_back(port);
  }
  for (std::size_t w = 0; w < spec_.serving.pools.size(); ++w) {
    gateway.work.push_back(in_turn(of_region(r, UsePer::kWork, w)));
    callers_[r].start.push_back(in_turn(of_region(r, UsePer::kStart, w)));
  }
  gateway.request = in_turn(std::move(request));
  gateway.log_in = in_turn(std::move(log_in));
  callers_[r].lease = in_turn(of_region(r, UsePer::kLease));
}

// Services that call services, each where it stands.
void ServiceNet::build_calls() {
  for (const Placed& s : services_) {
    const ServiceParams& params = spec_.services[s.service];
    const RegionId place = s.region == kNoRegion ? place_of(params.name) : s.region;
    const std::string path = (s.region == kNoRegion ? "" : spec_.regions[s.region].name + "/") +
                             "services/" + params.name;
    world_.stats.about(place == kNoRegion ? std::nullopt : std::optional<u32>(place));
    std::vector<ServicePort*> links;
    for (std::size_t k = 0; k < spec_.uses.size(); ++k)
      if (spec_.uses[k].per == UsePer::kCall && spec_.uses[k].by == params.name)
        links.push_back(add_use(k, path, place).asked);
    s.at->depend_on(in_turn(std::move(links)));
  }
  world_.stats.about(std::nullopt);
}

void ServiceNet::connect(std::size_t region, GateControlPort& gate) {
  for (const Caller& caller : uses_)
    if (caller.region == region && spec_.uses[caller.use].per == UsePer::kPolicy)
      policies_.push_back(std::make_unique<PolicyRefresh>(
          world_, spec_.regions[region].name + "/uses/" + caller.at->params().name,
          caller.at->params().every, *caller.asked, gate));
}

namespace {

HealthCheck::Need need_of(const ControlPlanePort& plane) {
  return [&plane] {
    const Alarm out = plane.unavailable().holds ? plane.unavailable() : plane.frozen();
    return HealthCheck::Found{!out.holds, out.shown_by.empty() ? kNoIncident : out.shown_by[0]};
  };
}

HealthCheck::Need way_to_one_of(const NetworkPort& network, RegionId from,
                                std::vector<RegionId> regions) {
  return [&network, from, regions = std::move(regions)] {
    HealthCheck::Found found{false, kNoIncident};
    for (const RegionId to : regions) {
      const bool here = to == from;
      found.well |= here || network.between(from, to).reach == Reach::kReachable;
      if (!here) found.cause = network.between(from, to).cause;
    }
    return found;
  };
}

}  // namespace

RegionId ServiceNet::region_called(const std::string& name) const {
  std::size_t r = 0;
  while (spec_.regions[r].name != name) ++r;
  return static_cast<RegionId>(r);
}

void ServiceNet::connect(const std::vector<const ControlPlanePort*>& planes,
                         RoutingControlPort& routing) {
  for (const Placed& s : services_) {
    const ServiceParams& params = spec_.services[s.service];
    const RegionId place = s.region == kNoRegion ? place_of(params.name) : s.region;
    std::vector<HealthCheck::Need> needs;
    const auto& health = params.health;
    if (!health.reach.empty() && place != region_called(health.reach))
      needs.push_back(way_to_one_of(network_, place, {region_called(health.reach)}));
    if (!health.reach_one_of.empty()) {
      std::vector<RegionId> regions;
      for (const std::string& name : health.reach_one_of) regions.push_back(region_called(name));
      needs.push_back(way_to_one_of(network_, place, std::move(regions)));
    }
    if (!health.api_server.empty())
      needs.push_back(need_of(*planes[region_called(health.api_server)]));
    if (health.own_api_server) needs.push_back(need_of(*planes[s.region]));
    if (!needs.empty())
      checks_.push_back(std::make_unique<HealthCheck>(world_,
                                                      "health/" + std::to_string(checks_.size()),
                                                      *s.at, std::move(needs), &routing, place));
  }
}

void ServiceNet::start() {
  for (const auto& check : checks_) check->start();
  for (const auto& policy : policies_) policy->start();
}

ServicePort* ServiceNet::for_controller(const WorkQueueParams& controller) {
  if (controller.service.empty()) return nullptr;
  const std::string path = "controllers/" + controller.name + "/service";
  ServiceUseParams params;
  params.service = controller.service;
  params.timeout = controller.service_timeout;
  RegionId region = 0;
  for (RegionId r = 0; r < spec_.regions.size(); ++r)
    if (spec_.regions[r].name == controller.region) region = r;
  Caller& caller = of_controllers_.emplace_back();
  caller.retries = make_caller_retries(world_, path, params.retry);
  caller.at = std::make_unique<Use>(
      world_, path, params,
      Use::Wiring{&service_for(params.service, region), caller.retries.get()});
  return behind_names(*caller.at, path, region);
}

const GatewayServices* ServiceNet::of_gateway(std::size_t region) const {
  const GatewayServices& gateway = callers_[region].gateway;
  const bool asks = gateway.log_in != nullptr ||
                    std::any_of(gateway.work.begin(), gateway.work.end(),
                                [](const ServicePort* port) { return port != nullptr; });
  return asks ? &gateway : nullptr;
}

std::vector<NamedService> ServiceNet::named() const {
  std::vector<NamedService> named;
  for (const Placed& s : services_)
    named.push_back({spec_.services[s.service].name, s.region, s.at.get(),
                     s.region == kNoRegion ? place_of(spec_.services[s.service].name) : s.region});
  return named;
}

std::vector<NamedAnswerCache> ServiceNet::answer_caches() const {
  std::vector<NamedAnswerCache> caches;
  for (const Caller& caller : uses_)
    caches.push_back({spec_.uses[caller.use].name, caller.region, caller.at.get()});
  return caches;
}

std::vector<NamedRecord> ServiceNet::names() const {
  std::vector<NamedRecord> names;
  for (std::size_t n = 0; n < names_.size(); ++n)
    names.push_back({spec_.dns[n].name, names_[n].get()});
  return names;
}

void ServiceNet::expose(LiveValues& live) const {
  for (const Placed& s : services_)
    live.add("spec.services[" + std::to_string(s.service) + "]", s.at->live());
  for (std::size_t n = 0; n < names_.size(); ++n)
    live.add("spec.dns[" + std::to_string(n) + "]", names_[n]->live());
  for (const Caller& u : uses_) {
    const std::string path = "spec.uses[" + std::to_string(u.use) + "]";
    live.add(path, u.at->live());
    live.add(path + ".retry", u.retries->live());
  }
}

}  // namespace stampede
