// Which statistics a term of a condition reads, in which unit, and what is wrong with it: the same
// for whoever checks a scenario and for whoever plays it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/ports/condition_params.h"
#include "sim/world.h"

namespace stampede {

struct SignalRow {
  std::size_t row = 0;
  std::optional<std::size_t> divisor;
};

struct SignalRows {
  std::vector<SignalRow> rows;         // at most one a region
  std::string unit;                    // 1, s, B, 1/s or B/s
  std::optional<double> above, below;  // in that unit
  // What is wrong, if anything is: the key, what to say, and the names that would fit.
  std::string wrong_key, wrong;
  std::string given;
  std::vector<std::string> fitting;
};

// Of a term that names a signal.
SignalRows signal_rows(const World& world, const TermParams& term);

// A bound in the unit that it is compared in: "90%", "2Gi", "30s". Returns an empty string or what
// is wrong.
std::string parse_bound(const std::string& text, const std::string& unit, double& value);

}  // namespace stampede
