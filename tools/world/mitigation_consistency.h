// Mitigations of a scenario that cannot stand beside each other, or change nothing.
#pragma once
#include <vector>

#include "tools/language/diagnostics.h"
#include "tools/world/scenario.h"

namespace stampede {

// One that is named twice: a mechanism would act twice, a factor be applied twice.
std::vector<Finding> faults_of_mitigations(const Spec& spec);
// Those without what they need, and those whose place another one takes.
std::vector<Finding> doubts_of_mitigations(const Spec& spec);

}  // namespace stampede
