// How many pods a region can have at a time, for whoever names one by its number.
// Limits: pods that take the place of others (of dead or drained nodes, after a scale-down) have
// higher numbers than these; name them by their node.
#pragma once
#include "tools/world/scenario.h"

namespace stampede {

// What replicas, autoscalers, `scale` and `set` ask for at most, over all pools.
i64 most_pods_wanted(const Spec& spec, std::size_t region);
// What the region's GPUs have room for.
i64 room_for_pods(const Spec& spec, std::size_t region);

}  // namespace stampede
