#include "models/operations/access.h"

#include "sim/check.h"

namespace stampede {
namespace {

RegionId region_called(const Scene& scene, const std::string& name) {
  for (std::size_t r = 0; r < scene.regions.size(); ++r)
    if (scene.regions[r] == name) return static_cast<RegionId>(r);
  invariant_failed("no region is called " + name);
}

}  // namespace

Access::Access(const AccessParams& params, const Scene& scene, const std::string& location)
    : from_(*scene.network, scene.regions, location) {
  for (const NeedParams& need : params.needs) {
    if (!need.service.empty()) {
      std::vector<NamedService>& sites = services_.emplace_back();
      for (const NamedService& s : scene.services)
        if (s.name == need.service) sites.push_back(s);
    }
    if (!need.path_to.empty()) paths_.push_back(region_called(scene, need.path_to));
    if (need.api_server.empty()) continue;
    const RegionId region = region_called(scene, need.api_server);
    paths_.push_back(region);
    api_servers_.push_back(scene.control_planes[region]);
  }
}

Alarm Access::denied() const {
  Alarm alarm;
  const auto add = [&alarm](const Alarm& one) {
    if (!one.holds) return;
    alarm.holds = true;
    alarm.shown_by.insert(alarm.shown_by.end(), one.shown_by.begin(), one.shown_by.end());
  };
  for (const RegionId region : paths_) add(from_.cut_off(region));
  for (const ControlPlanePort* server : api_servers_) add(server->stalled());
  for (const std::vector<NamedService>& service : services_) add(denied_by(service));
  return alarm;
}

// None of its sites answers and can be reached.
Alarm Access::denied_by(const std::vector<NamedService>& service) const {
  Alarm alarm;
  for (const NamedService& site : service) {
    Alarm out = site.control->unavailable();
    if (!out.holds && site.place != kNoRegion) out = from_.cut_off(site.place);
    if (!out.holds) return {};
    alarm.holds = true;
    alarm.shown_by.insert(alarm.shown_by.end(), out.shown_by.begin(), out.shown_by.end());
  }
  return alarm;
}

}  // namespace stampede
