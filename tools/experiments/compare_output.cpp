#include "tools/experiments/compare_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

ordered_json estimate_json(const Estimate& e, bool baseline) {
  const Interval i = e.mean.interval();
  ordered_json json = {{"mean", e.mean.mean},
                       {"standard_deviation", e.mean.standard_deviation},
                       {"low", i.low},
                       {"high", i.high},
                       {"median", {{"value", e.median.value}, {"low", nullptr}, {"high", nullptr}}},
                       {"difference", nullptr}};
  if (e.median.interval) {
    json["median"]["low"] = e.median.interval->low;
    json["median"]["high"] = e.median.interval->high;
  }
  if (baseline) return json;
  const Interval d = e.difference.estimate.interval();
  const auto& reduction = e.difference.variance_reduction;
  json["difference"] = {
      {"mean", e.difference.estimate.mean},
      {"low", d.low},
      {"high", d.high},
      {"p", e.difference.p},
      {"p_adjusted", e.p_adjusted},
      {"resolved", e.resolved},
      {"variance_reduction", reduction ? ordered_json(*reduction) : ordered_json(nullptr)}};
  return json;
}

ordered_json policy_json(const CompareReport& r, std::size_t k) {
  const PolicyEstimates& e = r.comparison.policies[k];
  ordered_json runs = ordered_json::array(), estimates = ordered_json::object();
  for (const CompareRun& run : r.replications.runs[k]) {
    ordered_json values = ordered_json::object();
    for (std::size_t m = 0; m < r.measures.size(); ++m) values[r.measures[m].name] = run.values[m];
    runs.push_back(
        {{"seed", run.seed},
         {"id", run.id},
         {"build", run.build},
         {"digest", run.digest},
         {"directory", run.directory.empty() ? ordered_json(nullptr) : ordered_json(run.directory)},
         {"values", values}});
  }
  for (std::size_t m = 0; m < r.measures.size(); ++m)
    estimates[r.measures[m].name] = estimate_json(e.measures[m], k == 0);
  return {{"name", r.policies[k].name},
          {"mitigations", r.policies[k].mitigations},
          {"collapse",
           {{"runs", e.runs},
            {"collapsed", e.collapsed},
            {"share", static_cast<double>(e.collapsed) / static_cast<double>(e.runs)},
            {"low", e.collapse.low},
            {"high", e.collapse.high}}},
          {"not_recovered", e.not_recovered},
          {"runs", runs},
          {"estimates", estimates}};
}

// How a unit is shown to people: seconds as minutes, shares as percent.
struct Shown {
  std::string unit;
  double factor = 1;
  int decimals = 0;
};
Shown shown(const std::string& unit) {
  if (unit == "s") return {"min", 1.0 / 60, 1};
  if (unit == "ratio") return {"%", 100, 2};
  if (unit == "GPU-h") return {"GPU-h", 1, 1};
  return {unit == "request-min" ? "" : unit, 1, 0};
}

std::string grouped(double value, int decimals) {
  std::string digits = fmt::format("{:.{}f}", std::fabs(value), decimals);
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  const auto point = static_cast<std::ptrdiff_t>(std::min(digits.find('.'), digits.size()));
  for (std::ptrdiff_t i = point - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
  return (value < 0 && !zero ? "-" : "") + digits;
}

std::string number(double value, const Shown& s, bool sign = false) {
  const std::string text = grouped(value * s.factor, s.decimals);
  return sign && text[0] != '-' ? "+" + text : text;
}

// Cells right-aligned under each other, the first column left-aligned.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> width;
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c >= width.size()) width.push_back(0);
      width[c] = std::max(width[c], row[c].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line = fmt::format("  {:<{}}", row[0], width[0]);
    for (std::size_t c = 1; c < row.size(); ++c) line += fmt::format("  {:>{}}", row[c], width[c]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string heading(const CompareReport& r) {
  const auto& runs = r.replications.runs.front();
  std::string text = fmt::format(
      "{}: {} {} against the baseline, {} seeds ({} to {}) each, paired by seed\n", r.scenario,
      r.policies.size() - 1, r.policies.size() == 2 ? "candidate" : "candidates", runs.size(),
      runs.front().seed, runs.back().seed);
  if (r.precision)
    text += fmt::format("relative error of {} at most {:.3g} %: {}\n", r.precision_measure,
                        100 * *r.precision,
                        r.replications.stopped_by == StoppedBy::kPrecision
                            ? "reached"
                            : "not reached within --max-replications");
  std::map<std::string, std::size_t> others;
  for (const auto& of_policy : r.replications.runs)
    for (const CompareRun& run : of_policy)
      if (run.build != stampede_build()) ++others[run.build];
  for (const auto& [build, count] : others)
    text += fmt::format("{} of these runs are of build {}, kept; this is build {}\n", count, build,
                        stampede_build());
  return text;
}

std::string overview(const CompareReport& r) {
  std::vector<std::vector<std::string>> rows{{"mean"}};
  const auto of_a_region = [](const CompareMeasure& m) {
    return m.name.find('.') != std::string::npos;
  };
  for (const CompareMeasure& m : r.measures) {
    if (of_a_region(m)) continue;
    const std::string unit = shown(m.unit).unit;
    rows[0].push_back(unit.empty() ? m.title : m.title + " [" + unit + "]");
  }
  for (std::size_t k = 0; k < r.policies.size(); ++k) {
    std::vector<std::string> row{r.policies[k].name};
    for (std::size_t m = 0; m < r.measures.size(); ++m) {
      if (of_a_region(r.measures[m])) continue;
      const Estimate& e = r.comparison.policies[k].measures[m];
      row.push_back(number(e.mean.mean, shown(r.measures[m].unit)) + (e.resolved ? "*" : " "));
    }
    rows.push_back(std::move(row));
  }
  return aligned(rows) +
         fmt::format("  * differs from the baseline (Holm over {} comparisons, {:.0f} %)\n",
                     r.comparison.comparisons, 100 * kConfidence);
}

std::string differences(const CompareReport& r, std::size_t m) {
  const CompareMeasure& measure = r.measures[m];
  const Shown s = shown(measure.unit);
  std::vector<std::vector<std::string>> rows{
      {measure.title + (s.unit.empty() ? "" : " [" + s.unit + "]"), "mean", "difference",
       fmt::format("{:.0f} % interval", 100 * kConfidence), "resolved", "pairing"}};
  for (std::size_t k = 0; k < r.policies.size(); ++k) {
    const Estimate& e = r.comparison.policies[k].measures[m];
    std::vector<std::string> row{r.policies[k].name, number(e.mean.mean, s)};
    if (k > 0) {
      const Interval d = e.difference.estimate.interval();
      const auto& reduction = e.difference.variance_reduction;
      row.push_back(number(e.difference.estimate.mean, s, true));
      row.push_back(fmt::format("[{}, {}]", number(d.low, s, true), number(d.high, s, true)));
      row.push_back(e.resolved ? "yes" : "no");
      row.push_back(!reduction          ? "-"
                    : *reduction < 1000 ? fmt::format("x {:.1f}", *reduction)
                                        : "x 1000 or more");
    }
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

std::string collapse(const CompareReport& r) {
  std::vector<std::vector<std::string>> rows{
      {fmt::format("collapsed (down {:.0f} min or more)", r.collapse_after.seconds() / 60), "runs",
       "share", fmt::format("{:.0f} % interval", 100 * kConfidence), "not recovered"}};
  for (std::size_t k = 0; k < r.policies.size(); ++k) {
    const PolicyEstimates& e = r.comparison.policies[k];
    const double share = static_cast<double>(e.collapsed) / static_cast<double>(e.runs);
    rows.push_back(
        {r.policies[k].name, fmt::format("{} of {}", e.collapsed, e.runs),
         fmt::format("{:.0f} %", 100 * share),
         fmt::format("[{:.0f} %, {:.0f} %]", 100 * e.collapse.low, 100 * e.collapse.high),
         std::to_string(e.not_recovered)});
  }
  return aligned(rows);
}

}  // namespace

std::string compare_json(const CompareReport& r) {
  ordered_json measures = ordered_json::array(), policies = ordered_json::array();
  for (const CompareMeasure& m : r.measures)
    measures.push_back({{"name", m.name},
                        {"path", m.path},
                        {"title", m.title},
                        {"unit", m.unit},
                        {"better", name_of(m.better)},
                        {"resolution", m.resolution}});
  for (std::size_t k = 0; k < r.policies.size(); ++k) policies.push_back(policy_json(r, k));
  ordered_json seeds = ordered_json::array();
  for (const CompareRun& run : r.replications.runs.front()) seeds.push_back(run.seed);
  ordered_json precision = nullptr;
  if (r.precision) precision = {{"relative", *r.precision}, {"measure", r.precision_measure}};
  const ordered_json out = {{"schema", "stampede.compare/1"},
                            {"version", stampede_version()},
                            {"build", stampede_build()},
                            {"scenario", r.scenario},
                            {"command", r.command},
                            {"confidence", kConfidence},
                            {"seeds", seeds},
                            {"stopped_by", name_of(r.replications.stopped_by)},
                            {"precision", precision},
                            {"collapse_after_seconds", r.collapse_after.seconds()},
                            {"comparisons", r.comparison.comparisons},
                            {"measures", measures},
                            {"policies", policies}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string compare_table(const CompareReport& r) {
  std::string text = heading(r) + "\n" + overview(r);
  for (std::size_t m = 0; m < r.measures.size(); ++m) text += "\n" + differences(r, m);
  text += "\n" + collapse(r);
  return text +
         "\npairing: the differences' variance without common seeds over that with them; below 1 "
         "it cost runs\n";
}

}  // namespace stampede
