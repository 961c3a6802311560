// What a scenario expects, checked against what it has before it is run.
#pragma once
#include <vector>

#include "tools/world/consistency.h"

namespace stampede {

std::vector<Finding> faults_of_expectations(const Spec& spec);

}  // namespace stampede
