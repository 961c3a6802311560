// Named services that nobody can call, and uses that call nothing.
#pragma once
#include <string>
#include <vector>

#include "tools/world/consistency.h"
#include "tools/world/scenario.h"

namespace stampede {

std::vector<Finding> faults_of_services(const Spec& spec);
// Why the answers of this use cannot be lost; empty: they can.
std::string fault_of_cache(const Spec& spec, const std::string& use);
std::vector<Finding> doubts_of_services(const Spec& spec);

}  // namespace stampede
