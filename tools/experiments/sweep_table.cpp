#include "tools/experiments/sweep_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tools/experiments/sensitivity.h"
#include "tools/experiments/statistics.h"
#include "tools/experiments/sweep_run.h"

namespace stampede {
namespace {

using Row = std::vector<std::string>;

std::string right_aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t c = 0; c < row.size(); ++c) line += fmt::format(" {:>{}}", row[c], widths[c]);
    text += line + "\n";
  }
  return text;
}

// Of what happened in some runs and not in others, as an outage does: in how many, how sure that
// share is, and how much it was then. Their mean's own interval would be that of a bell curve.
std::string share_text(const std::vector<double>& values) {
  std::vector<double> some;
  for (const double v : values)
    if (v > 0) some.push_back(v);
  const Interval share = exact_interval(some.size(), values.size());
  const auto [least, most] = std::minmax_element(some.begin(), some.end());
  std::string text = fmt::format("{:.6g}: {} of {} above 0 [{:.2g}, {:.2g}], then {:.6g}",
                                 mean_estimate(values).mean, some.size(), values.size(), share.low,
                                 share.high, *least);
  return *most > *least ? text + fmt::format(" to {:.6g}", *most) : text;
}

// The mean with its 95 % interval: of a share of runs the exact one, else Student's. A ratio lies
// between 0 and 1 if all of its values do, and so do the ends of its interval.
std::string mean_text(const std::vector<double>& values, const std::string& unit) {
  if (values.empty()) return "-";
  const MeanEstimate estimate = mean_estimate(values);
  if (values.size() < 2) return fmt::format("{:.6g}", estimate.mean);
  const bool ratio = unit == "ratio" && std::all_of(values.begin(), values.end(),
                                                    [](double v) { return 0 <= v && v <= 1; });
  if (unit != kTruth && !ratio) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    if (*least == 0 && *most > 0) return share_text(values);
    return fmt::format("{:.6g} +- {:.2g}", estimate.mean, estimate.half_width);
  }
  Interval interval = estimate.interval();
  if (unit == kTruth) {
    const auto hits = std::count(values.begin(), values.end(), 1.0);
    interval = exact_interval(static_cast<std::size_t>(hits), values.size());
  }
  return fmt::format("{:.6g} [{:.2g}, {:.2g}]", estimate.mean, std::max(0.0, interval.low),
                     std::min(1.0, interval.high));
}

// In the order of their coordinates, so that points that were added later stand between others.
std::vector<std::size_t> in_order(const Plan& plan) {
  std::vector<std::size_t> order(plan.points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return plan.points[a].coordinates < plan.points[b].coordinates;
  });
  return order;
}

// Which builds made the runs of a point.
std::string builds_text(const Plan& plan, const PlannedPoint& point,
                        const std::map<std::string, std::string>& builds) {
  std::set<std::string> found;
  for (const std::size_t r : point.runs)
    if (const auto it = builds.find(plan.runs[r].id); it != builds.end()) found.insert(it->second);
  return fmt::format("{}", fmt::join(found, " "));
}

std::string points_text(const Sweep& sweep, const Plan& plan, Store& store) {
  Row head{"point", "runs"};
  for (const Setting& s : plan.points.front().settings) head.push_back(s.path);
  std::vector<RunValue> outcomes;
  for (const std::string& name : sweep.spec().report) {
    const std::string unit = unit_of(name);
    head.push_back(unit.empty() ? name : fmt::format("{} [{}]", name, unit));
    outcomes.push_back(run_values(store)(name));
  }
  const bool mixed =
      std::any_of(plan.runs.begin(), plan.runs.end(), [](const PlannedRun& r) { return r.kept(); });
  if (mixed) head.push_back("build");
  std::vector<Row> rows{std::move(head)};
  const auto statuses = store.statuses();
  const auto builds = store.builds();
  auto units = store.units();
  for (const std::size_t p : in_order(plan)) {
    const PlannedPoint& point = plan.points[p];
    if (point.excluded) continue;
    const auto done = std::count_if(point.runs.begin(), point.runs.end(), [&](std::size_t r) {
      const auto it = statuses.find(plan.runs[r].id);
      return it != statuses.end() && it->second == RunStatus::kDone;
    });
    Row row{std::to_string(p), std::to_string(done)};
    for (const Setting& s : point.settings) row.push_back(s.value);
    for (std::size_t k = 0; k < outcomes.size(); ++k)
      row.push_back(mean_text(values_of(plan, point, outcomes[k]), units[sweep.spec().report[k]]));
    if (mixed) row.push_back(builds_text(plan, point, builds));
    rows.push_back(std::move(row));
  }
  return right_aligned(rows);
}

// How much of the variance of each reported scalar each range of the sample explains alone.
std::string shares_text(const Sweep& sweep, const Plan& plan, Store& store) {
  std::vector<Row> rows;
  for (const std::string& name : sweep.spec().report) {
    const RunValue outcome = run_values(store)(name);
    for (std::size_t a = 0; a < sweep.axes().size(); ++a) {
      if (sweep.axes()[a].levels != 0) continue;
      std::vector<double> x, y;
      for (const PlannedPoint& point : plan.points) {
        const std::vector<double> values = values_of(plan, point, outcome);
        if (values.empty()) continue;
        x.push_back(point.coordinates[a]);
        y.push_back(mean_estimate(values).mean);
      }
      const auto index = rank_index(x, y);
      if (!index) continue;
      rows.push_back({name, sweep.axes()[a].members.front().path,
                      fmt::format("{:.2f}", index->first),
                      fmt::format("[{:.2f}, {:.2f}]", index->interval.low, index->interval.high)});
    }
  }
  if (rows.empty()) return "";
  rows.insert(rows.begin(), Row{"scalar", "range", "share of its variance", "95 % interval"});
  return "\nFirst-order indices, by ranks\n" + right_aligned(rows);
}

std::string boundary_text(const Sweep& sweep, const Plan& plan, Store& store) {
  const RefineParams& refine = *sweep.spec().refine;
  const std::size_t axis = sweep.refined_axis();
  std::string text = fmt::format("\nBoundary of {} at {}\n", refine.scalar, refine.threshold);
  const std::vector<Crossing> found = crossings(sweep, plan, run_values(store));
  if (found.empty()) return text + "  none within the range\n";
  for (const Crossing& c : found) {
    const PlannedPoint &low = plan.points[c.low], &high = plan.points[c.high];
    std::vector<std::string> others;
    for (std::size_t a = 0; a < sweep.axes().size(); ++a)
      if (a != axis)
        for (const Setting& s : settings_at(sweep.axes()[a], low.coordinates[a]))
          others.push_back(s.path + " = " + s.value);
    const Setting from = settings_at(sweep.axes()[axis], low.coordinates[axis]).front();
    const Setting to = settings_at(sweep.axes()[axis], high.coordinates[axis]).front();
    text += fmt::format("  {} between {} and {}{}{}\n", from.path, from.value, to.value,
                        others.empty() ? "" : " where ", fmt::join(others, ", "));
  }
  return text;
}

}  // namespace

std::string sweep_table(const Sweep& sweep, const Plan& plan, Store& store) {
  const std::string& name = sweep.file().metadata.name;
  const auto kept = std::count_if(plan.points.begin(), plan.points.end(),
                                  [](const PlannedPoint& p) { return !p.excluded; });
  const std::size_t left_out = plan.points.size() - static_cast<std::size_t>(kept);
  std::string text = fmt::format("{}: {} points, {} runs", name, kept, plan.runs.size());
  if (left_out > 0) text += fmt::format("; {} more points left out by `where`", left_out);
  text += "\n\n";
  if (kept > 0) text += points_text(sweep, plan, store);
  if (kept > 0 && sweep.spec().sample) text += shares_text(sweep, plan, store);
  if (sweep.spec().refine) text += boundary_text(sweep, plan, store);
  const std::vector<Store::Failure> failures = store.failures(name);
  if (!failures.empty()) text += fmt::format("\nFailed runs ({})\n", failures.size());
  for (const Store::Failure& f : failures)
    text += fmt::format("  {}  {}\n      {}\n", f.plan_index, f.error, f.replay);
  return text;
}

std::string plan_table(const Plan& plan, const std::map<std::string, RunStatus>& statuses,
                       const OtherBuilds& others) {
  std::string text = "index\tid\tstatus\tseed\tvalues\n";
  for (const PlannedRun& run : plan.runs) {
    const auto it = statuses.find(run.id);
    const char* status = run.kept()                         ? "kept"
                         : others.contains(run.index)       ? "other-build"
                         : it == statuses.end()             ? "missing"
                         : it->second == RunStatus::kFailed ? "failed"
                                                            : "done";
    std::vector<std::string> values;
    for (const Setting& s : plan.points[run.point].settings)
      values.push_back(s.path + "=" + s.value);
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", run.index, run.own_id, status, run.seed,
                        fmt::join(values, " "));
  }
  return text;
}

}  // namespace stampede
