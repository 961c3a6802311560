#include "tools/world/most_pods.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "models/changes/action.h"
#include "models/changes/set_params.h"
#include "tools/language/value_at.h"

namespace stampede {
namespace {

std::vector<const ActionSelection*> actions_of(const Spec& spec) {
  std::vector<const ActionSelection*> all;
  for (const TimelineParams& entry : spec.timeline) all.push_back(&entry.action);
  for (const auto& step : spec.operations.steps) all.push_back(&step.action);
  return all;
}

std::string value_of(const ActionSelection& action, const std::string& key) {
  const auto found = value_at(*action.type, action.params.get(), key);
  return found ? found->text() : "";
}

// The largest that changes and versions give to parameters whose path ends so.
i64 most_set(const Spec& spec, std::string_view end) {
  i64 most = 0;
  const auto note = [&](const std::string& path, const std::string& value) {
    if (path.ends_with(end)) most = std::max<i64>(most, std::strtoll(value.c_str(), nullptr, 10));
  };
  for (const ActionSelection* action : actions_of(spec))
    if (const SetParams* set = set_params(*action))
      for (const SetStage& stage : stages_of(*set)) note(set->path, stage.value);
  for (const VersionParams& version : spec.versions)
    for (const VersionSetParams& set : version.set) note(set.path, set.value);
  return most;
}

// The largest that somebody scales a pool to.
i64 most_scaled(const Spec& spec, const RegionParams& region, const std::string& pool) {
  const auto meant = [](const std::string& stated, const std::string& name) {
    return stated.empty() || stated == name;
  };
  i64 most = 0;
  for (const ActionSelection* action : actions_of(spec))
    if (action->name == "scale" && meant(value_of(*action, "target.region"), region.name) &&
        meant(value_of(*action, "target.site"), region.site) &&
        meant(value_of(*action, "target.pool"), pool))
      most = std::max<i64>(most, std::stoll(value_of(*action, "replicas")));
  return most;
}

}  // namespace

i64 most_pods_wanted(const Spec& spec, std::size_t r) {
  const RegionParams& region = spec.regions[r];
  const auto& workloads = spec.cluster_of(r).workloads;
  const auto& pools = spec.serving_of(r).pools;
  i64 sum = 0;
  for (std::size_t p = 0; p < std::min(region.pools.size(), pools.size()); ++p) {
    i64 most = std::max<i64>(region.pools[p].replicas, most_scaled(spec, region, pools[p].name));
    if (p < workloads.size() && workloads[p].autoscaler)
      most = std::max({most, i64{workloads[p].autoscaler->max_replicas},
                       most_set(spec, ".autoscaler.max_replicas")});
    sum += most;
  }
  return sum;
}

i64 room_for_pods(const Spec& spec, std::size_t r) {
  const RegionParams& region = spec.regions[r];
  i64 gpus = INT64_MAX;  // of the smallest pod
  for (std::size_t p = 0; p < spec.serving_of(r).pools.size(); ++p)
    gpus = std::min<i64>(gpus, std::max(1, spec.gpus_per_pod(r, p)));
  return (i64{region.nodes} * spec.cluster_of(r).gpus_per_node - region.missing_gpus) / gpus;
}

}  // namespace stampede
