// A scenario that a test writes itself, and what became of its requests.
#pragma once
#include <string>

#include "tests/tools/played.h"

namespace stampede::test {

inline Played play_text(const std::string& text) {
  Played played;
  const RunResults run = run_simulation(load_scenario(SourceText{"scenario.yaml", text}).scenario,
                                        {}, &played.requests);
  played.incidents = run.incidents;
  played.results = run.results_digest;
  return played;
}

}  // namespace stampede::test
