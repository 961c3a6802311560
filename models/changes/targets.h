// What a target means in the world as it is when a change begins.
#pragma once
#include <vector>

#include "models/changes/target_params.h"
#include "models/ports/scene.h"

namespace stampede {

// In ascending order.
std::vector<RegionId> regions_in(const Scene& scene, const RegionTarget& target);

struct PodAt {
  RegionId region = 0;
  PodId pod = 0;
};
// In ascending order of region and pod. A share or count meets pods by draws keyed by the pod, so
// that the same pods are met by every change of a run, and fewer of them by a smaller one.
std::vector<PodAt> pods_in(const Scene& scene, const PodTarget& target);

struct NodeAt {
  RegionId region = 0;
  u32 node = 0;
};
// Likewise, by draws keyed by the node.
std::vector<NodeAt> nodes_in(const Scene& scene, const NodeTarget& target);

}  // namespace stampede
