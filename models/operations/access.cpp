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
  return alarm;
}

}  // namespace stampede
