// A run that golden files name: a scenario under scenarios/ and what is changed in it.
#pragma once
#include <sstream>
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {

struct GoldenRun {
  std::string text, scenario;
  std::vector<Override> sets;

  GoldenRun() = default;
  // `scenario path=value ..`, without spaces in the values.
  explicit GoldenRun(std::string row) : text(std::move(row)) {
    std::istringstream words(text);
    words >> scenario;
    for (std::string word; words >> word;) sets.push_back(parse_set(word));
  }
  RunResults play() const {
    const std::string file = source_directory() + "/scenarios/" + scenario;
    return run_simulation(load_scenario(file, sets, {}).scenario, {});
  }
};

}  // namespace stampede
