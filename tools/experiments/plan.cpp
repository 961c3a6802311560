#include "tools/experiments/plan.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tools/experiments/run_record.h"
#include "tools/experiments/statistics.h"

namespace stampede {
namespace {

// Runs that are to be made of a point: repeats from `first` up to, not including, `last`.
struct Wanted {
  std::size_t point = 0;
  i64 first = 0, last = 0;
};

// Works out the ids, on all cores since each point is a scenario to be read, then adds the runs in
// order.
void add_runs(const Sweep& sweep, Plan& plan, const std::vector<Wanted>& wanted, int jobs) {
  struct Run {
    std::string id, inputs_id;
    i64 seed = 0;
  };
  std::vector<std::vector<Run>> found(wanted.size());
  for_each_parallel(wanted.size(), jobs, [&](std::size_t w) {
    PlannedPoint& point = plan.points[wanted[w].point];
    Loaded loaded = sweep.scenario(point, sweep.spec().seed);
    point.excluded = !sweep.admits(loaded);
    if (point.excluded) return;
    for (i64 k = wanted[w].first; k < wanted[w].last; ++k) {
      loaded.scenario.spec.seed = sweep.seed(point, k);
      const nlohmann::ordered_json scenario = effective(loaded.scenario);
      found[w].push_back({run_id(sweep.build(), scenario), inputs_id(scenario, loaded.origins),
                          loaded.scenario.spec.seed});
    }
  });
  std::map<std::string, std::size_t> known;
  for (const PlannedRun& run : plan.runs) known.emplace(run.own_id, run.index);
  for (std::size_t w = 0; w < wanted.size(); ++w)
    for (const Run& run : found[w]) {
      const auto [it, fresh] = known.emplace(run.id, plan.runs.size());
      if (fresh)
        plan.runs.push_back(
            {run.id, run.id, run.inputs_id, plan.runs.size(), wanted[w].point, run.seed});
      else
        ++plan.repeated;
      plan.points[wanted[w].point].runs.push_back(it->second);
    }
}

bool add_repeats(const Sweep& sweep, Plan& plan, const RunValues& outcomes, int jobs) {
  const StopParams& stop = *sweep.spec().stop;
  const RunValue outcome = outcomes(stop.scalar);
  std::vector<Wanted> wanted;
  for (std::size_t p = 0; p < plan.points.size(); ++p) {
    const PlannedPoint& point = plan.points[p];
    const auto planned = static_cast<i64>(point.runs.size());
    const std::vector<double> values = values_of(plan, point, outcome);
    if (point.excluded || values.empty() || planned >= stop.at_most) continue;
    const MeanEstimate estimate = mean_estimate(values, stop.confidence.value);
    const auto least = static_cast<std::size_t>(sweep.spec().repeat);
    if (values.size() >= least && precise_enough(estimate, stop.precision.value, least)) continue;
    wanted.push_back({p, planned, std::min(planned + sweep.spec().repeat, stop.at_most)});
  }
  add_runs(sweep, plan, wanted, jobs);
  return !wanted.empty();
}

bool add_midpoints(const Sweep& sweep, Plan& plan, const RunValues& outcomes, int jobs) {
  const std::size_t axis = sweep.refined_axis();
  std::vector<Wanted> wanted;
  for (const Crossing& c : crossings(sweep, plan, outcomes)) {
    std::vector<double> at = plan.points[c.low].coordinates;
    const double gap = plan.points[c.high].coordinates[axis] - at[axis];
    if (gap <= sweep.spec().refine->within.value) continue;
    at[axis] += gap / 2;
    const bool tried = std::any_of(plan.points.begin(), plan.points.end(),
                                   [&](const PlannedPoint& p) { return p.coordinates == at; });
    if (tried) continue;  // and has no value: excluded, or failed
    wanted.push_back({plan.points.size(), 0, sweep.spec().repeat});
    plan.points.push_back({sweep.point(at), {}, false});
  }
  add_runs(sweep, plan, wanted, jobs);
  return !wanted.empty();
}

double plain_mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Plan first_round(const Sweep& sweep, int jobs) {
  Plan plan;
  std::vector<Wanted> wanted;
  for (std::vector<double>& at : coordinates(sweep.axes(), sweep.spec().sample)) {
    wanted.push_back({plan.points.size(), 0, sweep.spec().repeat});
    plan.points.push_back({sweep.point(std::move(at)), {}, false});
  }
  add_runs(sweep, plan, wanted, jobs);
  return plan;
}

std::vector<double> values_of(const Plan& plan, const PlannedPoint& point,
                              const RunValue& outcome) {
  std::vector<double> values;
  for (const std::size_t run : point.runs)
    if (const auto value = outcome(plan.runs[run].id)) values.push_back(*value);
  return values;
}

std::vector<Crossing> crossings(const Sweep& sweep, const Plan& plan, const RunValues& outcomes) {
  const RefineParams& refine = *sweep.spec().refine;
  const std::size_t axis = sweep.refined_axis();
  const RunValue outcome = outcomes(refine.scalar);
  // Points that differ along the axis alone, in its order.
  std::map<std::vector<double>, std::map<double, std::size_t>> lines;
  for (std::size_t p = 0; p < plan.points.size(); ++p) {
    if (values_of(plan, plan.points[p], outcome).empty()) continue;
    std::vector<double> line = plan.points[p].coordinates;
    const double along = line[axis];
    line[axis] = 0;
    lines[line][along] = p;
  }
  const auto above = [&](std::size_t p) {
    return plain_mean(values_of(plan, plan.points[p], outcome)) >= refine.threshold;
  };
  std::vector<Crossing> found;
  for (const auto& [line, points] : lines)
    for (auto it = points.begin(); std::next(it) != points.end(); ++it)
      if (above(it->second) != above(std::next(it)->second))
        found.push_back({it->second, std::next(it)->second});
  return found;
}

bool add_round(const Sweep& sweep, Plan& plan, const RunValues& outcomes, int jobs) {
  if (sweep.spec().stop && add_repeats(sweep, plan, outcomes, jobs)) return true;
  return sweep.spec().refine && add_midpoints(sweep, plan, outcomes, jobs);
}

}  // namespace stampede
