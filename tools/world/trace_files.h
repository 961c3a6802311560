// The recordings that a scenario names: found beside it, checked, and remembered by their content.
#pragma once
#include "tools/world/load_scenario.h"

namespace stampede {

// Finds and scans every recording of `loaded`. Throws InputError: a missing file, one that lies
// elsewhere and one whose content is not what the scenario states at their place in the scenario,
// bad rows at theirs in the recording.
void find_traces(Loaded& loaded, const Surroundings& surroundings);

}  // namespace stampede
