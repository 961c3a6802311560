// A comparison as text for people and as compare.json (schema stampede.compare/1, described field
// by field in docs/compare.md). Both are a function of the runs alone: no time, no path of a
// directory, no number of jobs.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/experiments/compare.h"
#include "tools/experiments/compare_policies.h"
#include "tools/experiments/decide.h"

namespace stampede {

struct CompareReport {
  std::string scenario, command;
  const std::vector<Policy>& policies;
  const std::vector<LeftOut>& left_out;
  const std::vector<CompareMeasure>& measures;
  const Replications& replications;
  const Comparison& comparison;
  std::optional<double> precision;
  std::string precision_measure;
  Duration collapse_after;
  const std::vector<Ruling>& rulings;  // of each policy
  bool any_time = false;               // decided within a budget
};

// A line for each, with the reason; empty if there are none.
std::string left_out_text(const std::vector<LeftOut>& left_out);
nlohmann::ordered_json left_out_json(const std::vector<LeftOut>& left_out);

std::string compare_json(const CompareReport& report);
std::string compare_table(const CompareReport& report);

}  // namespace stampede
