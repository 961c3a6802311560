// The assumed parameters that matter most, with the ranges that are plausible for them:
// docs/assumptions.md, which a test compares.
#pragma once
#include <string>
#include <vector>

namespace stampede {

struct Assumption {
  const char* path;        // spec.clients[].think_time; [] stands for every element
  const char *low, *high;  // of a range; empty: there are
  const char* choices;     // `true, false`
};
const std::vector<Assumption>& assumptions();

}  // namespace stampede
