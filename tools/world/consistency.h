// What no single value shows: values of a scenario that contradict each other or name nothing, and
// values that are allowed but hardly meant. Found before a world is built, all in one go.
#pragma once
#include <string>
#include <vector>

#include "tools/language/diagnostics.h"
#include "tools/world/scenario.h"

namespace stampede {

// Errors: with any of these the world cannot be built, or would run without some of what is
// written.
std::vector<Finding> contradictions(const Spec& spec);

// Warnings: the run is what was asked for, but probably not what was meant.
std::vector<Finding> doubts(const Spec& spec);

}  // namespace stampede
