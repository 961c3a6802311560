// The recordings that a scenario names: found beside it, checked, and remembered by their content.
#pragma once
#include <string>
#include <vector>

#include "tools/world/load_scenario.h"

namespace stampede {

// Finds and scans every recording of `loaded`; relative names are looked for in each of
// `directories` in turn. Throws InputError: a missing file and one whose content is not what the
// scenario states at their place in the scenario, bad rows at theirs in the recording.
void find_traces(Loaded& loaded, const std::vector<std::string>& directories);

// The directory part of a path; `.` without one.
std::string directory_of(const std::string& path);

}  // namespace stampede
