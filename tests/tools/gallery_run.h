// Published incidents of the gallery, played with other parameters.
#pragma once
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede::test {

inline RunResults played(const std::string& file, const std::vector<std::string>& sets) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return run_simulation(
      load_scenario(source_directory() + "/scenarios/" + file, overrides).scenario, {});
}

inline std::vector<double> minutes_of(const RunResults& run, const std::string& kind) {
  std::vector<double> at;
  for (const Incident& i : run.incidents)
    if (i.kind == kind) at.push_back(i.at.seconds() / 60);
  return at;
}

}  // namespace stampede::test
