// What operators wait for, checked: against itself when a scenario is read, against what is
// published once the world is built.
#pragma once
#include <vector>

#include "sim/world.h"
#include "tools/world/consistency.h"

namespace stampede {

std::vector<Finding> faults_of_operations(const Spec& spec);
// What is right and may not be meant.
std::vector<Finding> doubts_of_operations(const Spec& spec);
// Of a condition at this path that is no operator's.
std::vector<Finding> faults_of_condition(const Spec& spec, const ConditionParams& condition,
                                         const std::string& path);

// All statistics are registered. Throws ScenarioError for a signal that nobody publishes and for a
// bound in another unit.
void check_signals(const Spec& spec, const World& world);

}  // namespace stampede
