#include "tools/experiments/compare_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/experiments/compare_verdicts.h"
#include "tools/experiments/shown.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

ordered_json low_of(const std::optional<Interval>& i) {
  return i ? ordered_json(i->low) : ordered_json(nullptr);
}
ordered_json high_of(const std::optional<Interval>& i) {
  return i ? ordered_json(i->high) : ordered_json(nullptr);
}

ordered_json estimate_json(const Estimate& e, bool baseline, bool any_time) {
  ordered_json json = {{"mean", e.mean.mean},
                       {"standard_deviation", e.mean.standard_deviation},
                       {"low", low_of(e.mean_interval)},
                       {"high", high_of(e.mean_interval)},
                       {"median", {{"value", e.median.value}, {"low", nullptr}, {"high", nullptr}}},
                       {"difference", nullptr}};
  json["median"]["low"] = low_of(e.median.interval);
  json["median"]["high"] = high_of(e.median.interval);
  if (baseline) return json;
  const auto& reduction = e.difference.variance_reduction;
  json["difference"] = {
      {"mean", e.difference.estimate.mean},
      {"low", low_of(e.difference_interval)},
      {"high", high_of(e.difference_interval)},
      {"p", any_time ? ordered_json(nullptr) : ordered_json(e.difference.p)},
      {"p_adjusted", any_time ? ordered_json(nullptr) : ordered_json(e.p_adjusted)},
      {"resolved", e.resolved},
      {"variance_reduction", reduction ? ordered_json(*reduction) : ordered_json(nullptr)}};
  return json;
}

// Of the runs that collapsed.
ordered_json duration_json(const PolicyEstimates& e) {
  if (!e.if_collapsed) return nullptr;
  return {{"median", e.if_collapsed->value},
          {"low", low_of(e.if_collapsed->interval)},
          {"high", high_of(e.if_collapsed->interval)},
          {"least", e.least_if_collapsed},
          {"most", e.most_if_collapsed}};
}

ordered_json verdict_json(const Ruling& ruling) {
  const auto answer = [&](Question q) {
    return name_of(ruling.answers[static_cast<std::size_t>(q)]);
  };
  return {{"verdict", name_of(ruling.verdict)},
          {"outage", answer(Question::kOutage)},
          {"downtime", answer(Question::kDowntime)},
          {"seeds", answer(Question::kSeeds)},
          {"p_better", ruling.p_better},
          {"p_worse", ruling.p_worse},
          {"seeds_with_less", ruling.less},
          {"seeds_with_more", ruling.more}};
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
    estimates[r.measures[m].name] = estimate_json(e.measures[m], k == 0, r.any_time);
  // What a picture fills in: of the downtime, whether the row is decided.
  if (r.any_time && k > 0)
    estimates[r.measures.front().name]["difference"]["resolved"] =
        r.rulings[k].verdict != Outlook::kUndecided;
  return {{"name", r.policies[k].name},
          {"mitigations", r.policies[k].mitigations},
          {"collapse",
           {{"runs", e.runs},
            {"collapsed", e.collapsed},
            {"share", static_cast<double>(e.collapsed) / static_cast<double>(e.runs)},
            {"low", e.collapse.low},
            {"high", e.collapse.high},
            {"downtime_seconds", duration_json(e)}}},
          {"verdict", k == 0 ? ordered_json(nullptr) : verdict_json(r.rulings[k])},
          {"not_recovered", e.not_recovered},
          {"runs", runs},
          {"estimates", estimates}};
}

std::string heading(const CompareReport& r) {
  const auto& runs = r.replications.runs.front();
  std::string text = fmt::format(
      "{}: {} {} against the baseline, {} seeds ({} to {}) {}, paired by seed\n", r.scenario,
      r.policies.size() - 1, r.policies.size() == 2 ? "candidate" : "candidates", runs.size(),
      runs.front().seed, runs.back().seed, r.any_time ? "at most" : "each");
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
  if (r.any_time)
    text += fmt::format("ended: {}\n", r.replications.stopped_by == StoppedBy::kDecided
                                           ? "no row is open any more"
                                       : r.replications.stopped_by == StoppedBy::kLimit
                                           ? "--max-replications is reached"
                                           : "the budget is used up");
  for (const auto& [build, count] : others)
    text += fmt::format("{} of these runs are of build {}, kept; this is build {}\n", count, build,
                        stampede_build());
  return text;
}

// Policies may have been played with different seeds: of a candidate the difference over those that
// both have is put on the baseline's mean.
double comparable_mean(const CompareReport& r, std::size_t k, std::size_t m) {
  const Estimate& e = r.comparison.policies[k].measures[m];
  if (!r.any_time || k == 0) return e.mean.mean;
  return r.comparison.policies[0].measures[m].mean.mean + e.difference.estimate.mean;
}

std::string overview(const CompareReport& r) {
  std::vector<std::vector<std::string>> rows{{"mean"}};
  if (r.any_time) rows[0].push_back("runs");
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
    if (r.any_time) row.push_back(std::to_string(r.comparison.policies[k].runs));
    for (std::size_t m = 0; m < r.measures.size(); ++m) {
      if (of_a_region(r.measures[m])) continue;
      const Estimate& e = r.comparison.policies[k].measures[m];
      row.push_back(number(comparable_mean(r, k, m), shown(r.measures[m].unit)) +
                    (e.resolved ? "*" : " "));
    }
    rows.push_back(std::move(row));
  }
  if (r.any_time)
    return aligned(rows) +
           "  of a candidate: the baseline's mean and the difference over the seeds that both "
           "have\n";
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
      const auto& reduction = e.difference.variance_reduction;
      row.push_back(number(e.difference.estimate.mean, s, true));
      row.push_back(interval_text(*e.difference_interval, s, true));
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
    rows.push_back({r.policies[k].name, fmt::format("{} of {}", e.collapsed, e.runs),
                    fmt::format("{:.0f} %", 100 * share), percent(e.collapse),
                    std::to_string(e.not_recovered)});
  }
  return aligned(rows);
}

}  // namespace

std::string left_out_text(const std::vector<LeftOut>& left_out) {
  std::string text;
  for (const LeftOut& out : left_out)
    text += fmt::format("left out: {}: {}\n", out.policy.name, out.reason);
  return text.empty() ? text : "\n" + text;
}

ordered_json left_out_json(const std::vector<LeftOut>& left_out) {
  ordered_json json = ordered_json::array();
  for (const LeftOut& out : left_out)
    json.push_back({{"name", out.policy.name},
                    {"mitigations", out.policy.mitigations},
                    {"reason", out.reason}});
  return json;
}

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
                            {"intervals", r.any_time ? "any_time" : "fixed"},
                            {"collapse_after_seconds", r.collapse_after.seconds()},
                            {"comparisons", r.comparison.comparisons},
                            {"measures", measures},
                            {"policies", policies},
                            {"left_out", left_out_json(r.left_out)},
                            {"answers", answers(r)}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string compare_table(const CompareReport& r) {
  std::string text = heading(r) + left_out_text(r.left_out) + "\n" + overview(r);
  if (r.any_time) return text + "\n" + verdict_table(r);
  for (std::size_t m = 0; m < r.measures.size(); ++m) text += "\n" + differences(r, m);
  text += "\n" + collapse(r);
  return text + "\n" + verdict_table(r) +
         "\npairing: the differences' variance without common seeds over that with them; below 1 "
         "it cost runs\n";
}

}  // namespace stampede
