// What a scenario expects of its own run: named, with parameters, judged on the results.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/journal.h"
#include "sim/registry.h"

namespace stampede {

struct ExpectationTag {
  static constexpr const char* selector = "that";
  static constexpr const char* category = "expectation";
};
using ExpectationSelection = SelectionOf<ExpectationTag>;

// What can be judged.
struct Facts {
  double downtime_seconds = 0, surge_average = 0, flush_seconds = 0, hit_ratio = 0;
  double availability = 0;  // succeeded over offered less served elsewhere
  bool conserved = false, recovered = false;
  const std::vector<Incident>* incidents = nullptr;
  std::string summary_json;
  // Mean and largest sample of a series; absent if there is no such series or it has no sample.
  struct Samples {
    double mean = 0, peak = 0;
  };
  std::function<std::optional<Samples>(const std::string& component, const std::string& stat)>
      series;
  // Its samples that are there, with their times [s].
  std::function<std::vector<std::pair<double, double>>(const std::string& component,
                                                       const std::string& stat)>
      samples;
  double scale = 1;  // of the scenario: what counts things is judged divided by it
};

struct Judged {
  std::string wrong{};   // empty if it holds, else one sentence with expected and found
  std::string report{};  // a table to show, if there is one
};
Judged judge(const ExpectationSelection& expectation, const Facts& facts);

}  // namespace stampede
