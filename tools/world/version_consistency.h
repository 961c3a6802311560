// Versions, and what is rolled out, rolled back and disabled, checked when a scenario is read.
#pragma once
#include <vector>

#include "tools/world/consistency.h"
#include "tools/world/scenario.h"

namespace stampede {

std::vector<Finding> faults_of_versions(const Spec& spec);

}  // namespace stampede
