// What a target means in the world as it is when a change begins.
#pragma once
#include <map>
#include <vector>

#include "models/changes/target_params.h"
#include "models/ports/scene.h"

namespace stampede {

// In ascending order.
std::vector<RegionId> regions_in(const Scene& scene, const RegionTarget& target);

// By region, in ascending order, only regions with any. A share or count meets pods by draws keyed
// by the pod, so that the same pods are met by every change of a run, and fewer of them by a
// smaller one.
std::map<RegionId, std::vector<PodId>> pods_in(const Scene& scene, const PodTarget& target);

// Likewise, by draws keyed by the node.
std::map<RegionId, std::vector<u32>> nodes_in(const Scene& scene, const NodeTarget& target);

}  // namespace stampede
