#include "tools/world/simulation.h"

#include <algorithm>
#include <optional>

#include "tools/judgement/expectation_names.h"
#include "tools/judgement/measures.h"
#include "tools/judgement/results_digest.h"
#include "tools/judgement/summary.h"
#include "tools/world/fleet.h"
#include "tools/world/scale.h"

namespace stampede {
namespace {

constexpr Duration kTick = 5_s;  // of the loops that live outside the components

std::vector<std::pair<double, double>> samples_of(const RunResults& r, const std::string& component,
                                                  const std::string& stat) {
  std::vector<std::pair<double, double>> samples;
  const std::size_t columns = r.series_columns.size();
  for (std::size_t c = 0; c < columns; ++c) {
    if (r.series_columns[c].component != component || r.series_columns[c].name != stat) continue;
    for (std::size_t i = 0; i < r.series_times.size(); ++i)
      if (const double v = r.series_values[i * columns + c]; v == v)  // else absent
        samples.emplace_back(r.series_times[i], v);
  }
  return samples;
}

std::optional<Facts::Samples> mean_and_peak(const std::vector<std::pair<double, double>>& samples) {
  if (samples.empty()) return std::nullopt;
  double sum = 0, peak = samples.front().second;
  for (const auto& [at, value] : samples) {
    sum += value;
    peak = std::max(peak, value);
  }
  return Facts::Samples{sum / static_cast<double>(samples.size()), peak};
}

}  // namespace

RunResults run_simulation(const Scenario& scenario,
                          const std::function<bool(double simulated_seconds)>& progress,
                          RequestLog* log, Exported exported) {
  Fleet fleet(scaled(scenario.spec), log);
  const Observed seen = fleet.observed();
  Measures measures(seen);
  ResultFigures figures;
  RunResults results;
  results.series_columns = fleet.world.stats.rows();
  if (exported != Exported::kNothing) results.exports = fleet.exports();
  if (!scenario.spec.expect.empty())
    results.unknown_names = unknown_names(
        scenario.spec.expect, summary_of(scenario, seen, measures, {}), results.series_columns);
  if (progress && !progress(0)) return results;
  fleet.start();
  const Instant end = Instant{} + fleet.spec.duration;
  const Duration interval = fleet.spec.output.interval_of(fleet.spec.duration);
  Instant next_sample = Instant{} + interval;
  Instant next_tick = Instant{} + kTick;
  for (;;) {
    const Instant next = std::min({next_tick, next_sample, end});
    fleet.world.scheduler.run_until(next);
    if (next == next_tick || next == end) {
      next_tick = next + kTick;
      fleet.refresh_views();
      measures.tick();
      if (next.ns % (1_min).ns == 0 || next == end) figures.end_minute(seen);
    }
    if (next == next_sample || next == end) {
      next_sample = next + interval;
      for (const auto& check : fleet.world.checks) check();
      results.series_times.push_back(next.seconds());
      for (const StatInfo& column : results.series_columns)
        results.series_values.push_back(column.read());
      for (const ExportedSeries& series : results.exports)
        results.export_values.push_back(series.read());
      if (exported == Exported::kPods)
        fleet.scrape_pods(static_cast<u32>(results.series_times.size() - 1), results.pods);
    }
    if (next == end) break;
    if (progress && !progress(next.seconds())) return results;
  }
  for (const auto& check : fleet.world.end_checks) check();
  fleet.finish();
  for (StatInfo& column : results.series_columns) {  // they point into the fleet
    column.read = {};
    column.because = {};
  }
  for (ExportedSeries& series : results.exports) series.read = {};
  results.incidents = fleet.world.journal.all();
  results.events = fleet.world.scheduler.handled();
  results.digest = digest_of(seen);
  figures.finish(seen);
  results.results_digest = figures.digest();
  results.summary_json =
      summary_of(scenario, seen, measures, {results.digest, results.results_digest});
  Facts facts = facts_of(seen, measures);
  facts.summary_json = results.summary_json;
  facts.scale = scenario.spec.scale;
  facts.series = [&](const std::string& component, const std::string& stat) {
    return mean_and_peak(samples_of(results, component, stat));
  };
  facts.samples = [&](const std::string& component, const std::string& stat) {
    return samples_of(results, component, stat);
  };
  for (const ExpectationSelection& e : scenario.spec.expect) {
    Judged judged = judge(e, facts);
    if (!judged.wrong.empty()) results.failed_expectations.push_back(std::move(judged.wrong));
    if (!judged.report.empty()) results.reports.push_back(e.name + "\n" + judged.report);
  }
  return results;
}

}  // namespace stampede
