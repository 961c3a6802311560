// Runs of the reference outage at reduced scale, in process, and what tests ask of them.
#pragma once
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tests/tools/outage_variants.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {

// Long batches run only where they are asked for.
inline bool full_tier() {
  const char* tier = std::getenv("STAMPEDE_TIER");
  return tier && std::string(tier) == "full";
}

struct OutageRun {
  RunResults results;
  nlohmann::json summary;

  // Clock of the first incident of a kind in seconds since the start; negative if there is none.
  double first(const std::string& kind) const {
    for (const Incident& i : results.incidents)
      if (i.kind == kind) return i.at.seconds();
    return -1;
  }
  int count(const std::string& kind) const {
    int n = 0;
    for (const Incident& i : results.incidents) n += i.kind == kind;
    return n;
  }
  double down_minutes() const { return summary["outage"]["downtime_seconds"].get<double>() / 60; }
  double surge() const { return summary["surge"]["average"].get<double>(); }
  double flush_minutes() const { return summary["kv_cache"]["flush_seconds"].get<double>() / 60; }
  i64 conflicts() const { return summary["kv_cache"]["conflicts"].get<i64>(); }
  i64 poisoned_blocks() const { return summary["kv_cache"]["poisoned_blocks"].get<i64>(); }
  // Mean of a series over a stretch of time; NaN when there is no such column.
  double mean(const std::string& component, const std::string& name, double from, double to) const {
    const std::size_t width = results.series_columns.size();
    std::size_t column = 0;
    while (column < width && (results.series_columns[column].component != component ||
                              results.series_columns[column].name != name))
      ++column;
    double sum = 0, n = 0;
    for (std::size_t k = 0; column < width && k < results.series_times.size(); ++k)
      if (results.series_times[k] >= from && results.series_times[k] <= to) {
        sum += results.series_values[k * width + column];
        ++n;
      }
    return sum / n;
  }
  std::string text() const {
    std::string out;
    for (const Incident& i : results.incidents) {
      out += std::to_string(static_cast<int>(i.at.seconds())) + " s " + i.kind + " " + i.component;
      for (const IncidentId cause : i.causes) out += " <" + std::to_string(cause);
      out += "\n";
    }
    return out;
  }
};

inline OutageRun run_outage(const std::vector<std::string>& sets, const std::string& scale,
                            const std::string& duration, int seed = 1) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  for (const std::string& set :
       {"spec.scale=" + scale, "spec.duration=" + duration, "spec.seed=" + std::to_string(seed),
        std::string("spec.expect=[]")})
    overrides.push_back(parse_set(set));
  const std::string file = source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml";
  OutageRun run;
  run.results = run_simulation(load_scenario(file, overrides).scenario, {});
  run.summary = nlohmann::json::parse(run.results.summary_json);
  return run;
}

}  // namespace stampede
