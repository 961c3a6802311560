// What a comparison says in words: of each candidate whether it is better, how often there is an
// outage with it and how long one is, what it costs, and which incidents it takes away or brings.
#pragma once
#include <string>
#include <vector>

#include "tools/experiments/compare_output.h"

namespace stampede {

// A row a candidate, then the answers.
std::string verdict_table(const CompareReport& report);

// One sentence or several of each candidate, those that stop the outage first.
std::vector<std::string> answers(const CompareReport& report);

}  // namespace stampede
