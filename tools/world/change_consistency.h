// What the timeline and operators change, checked against what there is to change.
#pragma once
#include <vector>

#include "tools/world/consistency.h"
#include "tools/world/scenario.h"

namespace stampede {

// Targets that are not there; names that two changes share; an undo of what is not there, cannot be
// taken back, has not begun or is over by then.
std::vector<Finding> faults_of_changes(const Spec& spec);

// Actions whose parameters leave everything as it is.
std::vector<Finding> doubts_of_changes(const Spec& spec);

}  // namespace stampede
