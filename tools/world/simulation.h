// One run of a scenario: in goes a Scenario, out comes everything that the run says.
#pragma once
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/ports/request_log_port.h"
#include "sim/journal.h"
#include "sim/stats.h"
#include "tools/judgement/expectation_names.h"
#include "tools/world/exports.h"
#include "tools/world/pod_scrapes.h"
#include "tools/world/scenario.h"

namespace stampede {

struct RunResults {
  std::string summary_json;  // schema stampede.summary/1, without trailing newline
  std::string digest, results_digest;
  std::vector<Incident> incidents;
  std::vector<StatInfo> series_columns;  // component, name, unit
  std::vector<double> series_times;      // [sample] s
  std::vector<double> series_values;     // [sample] x [column], NaN = absent
  std::vector<ExportedSeries> exports;   // where they are asked for
  std::vector<double> export_values;     // [sample] x [export]; NaN: not scraped
  std::vector<PodHistory> pods;          // where they are asked for
  u64 events = 0;
  std::vector<std::string> reports;              // tables of expectations that show one
  std::vector<Finding> unknown_names;            // by expectations, which therefore do not hold
  std::vector<std::string> failed_expectations;  // text of each `expect` that did not hold
};

// Thrown for input errors that need the built world, such as references to nothing.
struct ScenarioError : std::runtime_error {
  ScenarioError(std::string where, const std::string& message)
      : std::runtime_error(message), path(std::move(where)) {}
  std::string path;  // in the tree: spec.timeline[0].target.region
};

// `progress` is told the simulated time now and then; it returns false to interrupt. `log`, if
// there is one, hears of every request. `exported`: also what the systems would export; it changes
// nothing else.
RunResults run_simulation(const Scenario& scenario,
                          const std::function<bool(double simulated_seconds)>& progress,
                          RequestLog* log = nullptr, Exported exported = Exported::kNothing);

}  // namespace stampede
