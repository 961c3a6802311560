// Named services that nobody can call, and uses that call nothing.
#pragma once
#include <vector>

#include "tools/world/consistency.h"
#include "tools/world/scenario.h"

namespace stampede {

std::vector<Finding> faults_of_services(const Spec& spec);
std::vector<Finding> doubts_of_services(const Spec& spec);

}  // namespace stampede
