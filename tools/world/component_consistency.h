// Values of serving, cluster and control plane that contradict each other: the service's and those
// that regions have of their own.
#pragma once
#include <vector>

#include "tools/world/consistency.h"
#include "tools/world/scenario.h"

namespace stampede {

// What a region merely inherits is told once, where the service says it.
std::vector<Finding> faults_of_components(const Spec& spec);

// Regions that serve some of their clients and have no pod for the others, whom the balancer, which
// knows no models, sends there all the same.
std::vector<Finding> doubts_of_components(const Spec& spec);

}  // namespace stampede
