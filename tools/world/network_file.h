// The file of AS relationships that a scenario names: found beside it, read, and remembered by its
// content; what regions are attached to must be in it.
#pragma once
#include "tools/world/load_scenario.h"

namespace stampede {

// Reads the graph of `loaded`, if a file is named, and checks the attachments of regions against it
// or against the generated one. Throws InputError: a missing file, one that lies elsewhere and one
// whose content is not what the scenario states at their place in the scenario, bad lines at theirs
// in the file.
void find_graph(Loaded& loaded, const Surroundings& surroundings);

}  // namespace stampede
