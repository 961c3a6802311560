// What `run` prints: the summary as tables for people.
#pragma once
#include <string>

#include "tools/world/simulation.h"

namespace stampede {

// Requests, downtime in all and by region, phases with times of day and causes, where requests
// were lost, minutes by owner, expectations that did not hold.
std::string run_table(const RunResults& results, UtcTime start);

// Differences of two summaries (JSON text), one a line: `path: a -> b (+x%)`; empty when they say
// the same.
std::string diff_table(const std::string& summary_a, const std::string& summary_b);

}  // namespace stampede
