// Scenarios at random. What a change may be told is drawn from its description: numbers over their
// whole range, names from those that the fleet has. Nothing here knows an action but by the keys
// that several of them share.
#pragma once
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede::test {

struct RandomScenario {
  std::string fleet;  // YAML: what stands still
  std::string duration;
  i64 seed = 1;
  double scale = 1;
  std::string monitoring;  // of operators; empty: as by default
  std::string failures;    // of hardware, by chance; empty: none
  std::vector<std::string> responders, versions, steps, timeline;  // one entry each
  std::string drawn() const;                                       // as it stands in the file
  std::string text() const;                                        // the file
};

// A function of its number, in one build.
RandomScenario random_scenario(u64 number);

}  // namespace stampede::test
