#include "tools/world/service_net.h"

#include "models/clients/caller_retries.h"
#include "models/dependencies/service.h"
#include "models/dependencies/use.h"
#include "models/dependencies/use_chain.h"
#include "tools/world/live_values.h"

namespace stampede {

ServiceNet::ServiceNet(World& world, const Spec& spec, const NetworkPort& network)
    : world_(world), spec_(spec), callers_(spec.regions.size()) {
  build_services();
  for (std::size_t r = 0; r < spec_.regions.size(); ++r) {
    world_.stats.about(static_cast<u32>(r));
    build_region(r, network);
  }
  world_.stats.about(std::nullopt);
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
      world_.stats.about(static_cast<u32>(r));
      services_.push_back(
          {k, static_cast<RegionId>(r),
           std::make_unique<Service>(world_, spec_.regions[r].name + "/" + path, params)});
    }
  }
}

Service& ServiceNet::service_for(const std::string& name, std::size_t region) const {
  for (const Placed& s : services_)
    if (spec_.services[s.service].name == name && (s.region == kNoRegion || s.region == region))
      return *s.at;
  invariant_failed("no service is called " + name);
}

ServicePort* ServiceNet::in_turn(std::vector<ServicePort*> links) {
  if (links.size() < 2) return links.empty() ? nullptr : links.front();
  return chains_.emplace_back(std::make_unique<UseChain>(std::move(links))).get();
}

void ServiceNet::build_region(std::size_t r, const NetworkPort& network) {
  std::vector<ServicePort*> log_in, request, start;
  for (std::size_t k = 0; k < spec_.uses.size(); ++k) {
    const ServiceUseParams& params = spec_.uses[k];
    const std::string path = spec_.regions[r].name + "/uses/" + params.name;
    Caller& caller = uses_.emplace_back();
    caller.use = k;
    caller.retries = make_caller_retries(world_, path, params.retry);
    Use::Wiring wiring;
    wiring.service = &service_for(params.service, r);
    wiring.retries = caller.retries.get();
    wiring.to = place_of(params.service);
    if (wiring.to != kNoRegion) {
      wiring.network = &network;
      wiring.from = static_cast<RegionId>(r);
    }
    caller.at = std::make_unique<Use>(world_, path, params, wiring);
    (params.per == UsePer::kLogIn     ? log_in
     : params.per == UsePer::kRequest ? request
                                      : start)
        .push_back(caller.at.get());
  }
  GatewayServices& gateway = callers_[r].gateway;
  gateway.log_in_stages = static_cast<u8>(log_in.size());
  gateway.request = in_turn(request);
  log_in.insert(log_in.end(), request.begin(), request.end());
  gateway.log_in = in_turn(std::move(log_in));
  callers_[r].start = in_turn(std::move(start));
}

const GatewayServices* ServiceNet::of_gateway(std::size_t region) const {
  const GatewayServices& gateway = callers_[region].gateway;
  return gateway.log_in == nullptr ? nullptr : &gateway;
}

std::vector<NamedService> ServiceNet::named() const {
  std::vector<NamedService> named;
  for (const Placed& s : services_)
    named.push_back({spec_.services[s.service].name, s.region, s.at.get()});
  return named;
}

void ServiceNet::expose(LiveValues& live) const {
  for (const Placed& s : services_)
    live.add("spec.services[" + std::to_string(s.service) + "]", s.at->live());
  for (const Caller& u : uses_) {
    const std::string path = "spec.uses[" + std::to_string(u.use) + "]";
    live.add(path, u.at->live());
    live.add(path + ".retry", u.retries->live());
  }
}

}  // namespace stampede
