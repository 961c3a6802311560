#include "tools/experiments/compare_verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/experiments/shown.h"

namespace stampede {
namespace {

constexpr std::size_t kMostKinds = 6;  // named in a sentence

// What a candidate does to the outage, in the order in which the answers come.
enum class Effect : u8 { kStops, kShortens, kPromises, kLooksHelpful, kNothing, kWorsens };

std::optional<std::size_t> measure_at(const CompareReport& r, const char* name) {
  for (std::size_t m = 0; m < r.measures.size(); ++m)
    if (r.measures[m].name == name) return m;
  return std::nullopt;
}

Effect effect_of(const CompareReport& r, std::size_t k) {
  const Ruling& ruling = r.rulings[k];
  const PolicyEstimates& e = r.comparison.policies[k];
  const double difference = e.measures.front().difference.estimate.mean;
  if (ruling.verdict == Outlook::kWorse) return Effect::kWorsens;
  if (ruling.verdict == Outlook::kBetter)
    return e.collapsed == 0 ? Effect::kStops : Effect::kShortens;
  if (ruling.less == e.runs) return Effect::kPromises;
  return difference < 0 ? Effect::kLooksHelpful : Effect::kNothing;
}

// In how many of the first `n` runs each kind of incident occurs.
std::map<std::string, std::size_t> kinds_seen(const std::vector<CompareRun>& runs, std::size_t n) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < n; ++i)
    for (const std::string& kind : runs[i].kinds) ++seen[kind];
  return seen;
}

// Kinds that are in at least half of the runs of one and in none of the other's.
std::vector<std::string> only_in(const std::map<std::string, std::size_t>& one,
                                 const std::map<std::string, std::size_t>& other, std::size_t n) {
  std::vector<std::string> kinds;
  for (const auto& [kind, runs] : one)
    if (2 * runs >= n && !other.contains(kind)) kinds.push_back(kind);
  return kinds;
}

std::string kinds_text(std::vector<std::string> kinds) {
  const std::size_t more = kinds.size() - std::min(kinds.size(), kMostKinds);
  kinds.resize(kinds.size() - more);
  if (more > 0) kinds.push_back(fmt::format("{} more", more));
  return listed(kinds);
}

std::string incidents_text(const CompareReport& r, std::size_t k) {
  const auto& runs = r.replications.runs;
  const std::size_t n = runs[k].size();
  const auto base = kinds_seen(runs[0], n), with = kinds_seen(runs[k], n);
  std::string text;
  if (const auto gone = only_in(base, with, n); !gone.empty())
    text += " No longer seen: " + kinds_text(gone) + ".";
  if (const auto fresh = only_in(with, base, n); !fresh.empty())
    text += " New: " + kinds_text(fresh) + ".";
  return text;
}

std::string cost_text(const CompareReport& r, std::size_t k) {
  constexpr double kShown = 0.05;  // GPU-h
  std::vector<std::string> costs;
  for (const auto& [name, verb] :
       {std::pair{"provisioned_gpu_hours", "holds"}, std::pair{"wasted_gpu_hours", "wastes"}}) {
    const auto m = measure_at(r, name);
    if (!m) continue;
    const double difference = r.comparison.policies[k].measures[*m].difference.estimate.mean;
    if (std::abs(difference) < kShown) continue;
    costs.push_back(fmt::format("{} {} GPU-h {}", verb,
                                number(std::abs(difference), shown("GPU-h")),
                                difference < 0 ? "less" : "more"));
  }
  return costs.empty() ? "" : " It " + listed(costs) + " a run.";
}

// What a sentence about downtime would hide: a measure of the same harm that nearly every seed
// moves one way.
struct Besides {
  bool worse = false;
  std::string
      text;  // as in "loses 365 more request-minutes a run in the mean, more on 5 of 5 seeds"
};

std::optional<Besides> moved(const CompareReport& r, std::size_t k, const char* name) {
  constexpr double kNearlyAll = 0.9;  // of the seeds
  constexpr double kShare = 0.01;     // of the baseline's mean that is worth a word
  const auto m = measure_at(r, name);
  if (!m) return std::nullopt;
  const auto& runs = r.replications.runs;
  std::size_t more = 0, less = 0;
  double before = 0;
  for (std::size_t n = 0; n < runs[k].size(); ++n) {
    const double base = runs[0][n].values[*m], value = runs[k][n].values[*m];
    more += value > base;
    less += value < base;
    before += base / static_cast<double>(runs[k].size());
  }
  const double change = r.comparison.policies[k].measures[*m].difference.estimate.mean;
  const std::size_t same_way = change > 0 ? more : less;
  if (std::abs(change) < kShare * before || change == 0 ||
      static_cast<double>(same_way) < kNearlyAll * static_cast<double>(runs[k].size()))
    return std::nullopt;
  const CompareMeasure& measure = r.measures[*m];
  const bool share = measure.unit == "ratio";
  const char* way = share ? change > 0 ? "higher" : "lower" : change > 0 ? "more" : "fewer";
  const std::string seeds = fmt::format("{} on {} of {} seeds", way, same_way, runs[k].size());
  const Shown unit = shown(measure.unit);
  const std::string size = number(std::abs(change), unit);
  const auto& interval = r.comparison.policies[k].measures[*m].difference_interval;
  const std::string range = interval ? " " + interval_text(*interval, unit, true) : "";
  Besides out{(change > 0) == (measure.better == Better::kLower), ""};
  out.text =
      share ? fmt::format("availability is {} points {} in the mean{}, {}", size, way, range, seeds)
            : fmt::format("it loses {} {} request-minutes a run in the mean{}, {}", size, way,
                          range, seeds);
  return out;
}

// Beside downtime: where that says nothing, or the contrary.
std::string besides_text(const CompareReport& r, std::size_t k, Effect effect) {
  auto found = moved(r, k, "lost_request_minutes");
  if (!found) found = moved(r, k, "availability_ratio");
  if (!found) return "";
  const bool told = effect == Effect::kWorsens                                      ? found->worse
                    : effect == Effect::kNothing || effect == Effect::kLooksHelpful ? false
                                                                                    : !found->worse;
  return told ? "" : (found->worse ? "; but " : "; yet ") + found->text;
}

std::string outages_text(const CompareReport& r, std::size_t k) {
  const PolicyEstimates& e = r.comparison.policies[k];
  return fmt::format("{} of {} runs (probability {})", e.collapsed, e.runs, percent(e.collapse));
}

std::string sentence(const CompareReport& r, std::size_t k) {
  const std::string name = r.policies[k].name;
  if (acts_on_nothing(r.replications.runs, k))
    return fmt::format(
        "{} acts on nothing here: the baseline's runs are the same to the last bit ({} of {}).",
        name, r.comparison.policies[k].runs, r.comparison.policies[k].runs);
  const PolicyEstimates& e = r.comparison.policies[k];
  const Shown minutes = shown("s");
  const double difference = e.measures.front().difference.estimate.mean;
  const std::string outage =
      fmt::format("an outage of {:.0f} min or more", r.collapse_after.seconds() / 60);
  const std::string by =
      fmt::format("{} min of downtime a run in the mean", change(difference, minutes));
  const Effect effect = effect_of(r, k);
  std::string text;
  switch (effect) {
    case Effect::kStops:
      text = fmt::format("{} would have stopped it: {} in {}", name, outage, outages_text(r, k));
      break;
    case Effect::kShortens:
      text = fmt::format("{} helps and does not stop it: {}; {} in {}", name, by, outage,
                         outages_text(r, k));
      break;
    case Effect::kPromises:
      text = fmt::format(
          "{} is not decided yet: less downtime on each of {} seeds ({} min in the "
          "mean), too few for a table of {} candidates; {} in {}",
          name, e.runs, change(difference, minutes), r.policies.size() - 1, outage,
          outages_text(r, k));
      break;
    case Effect::kLooksHelpful:
      text = fmt::format("{} only looks helpful: {}, which {} seeds cannot tell from chance", name,
                         by, e.runs);
      break;
    case Effect::kNothing:
      text = fmt::format("{} is undecided on downtime: {} in {} seeds", name, by, e.runs);
      break;
    case Effect::kWorsens:
      text = fmt::format("{} makes it worse: {}; {} in {}", name, by, outage, outages_text(r, k));
      break;
  }
  return text + besides_text(r, k, effect) + "." + incidents_text(r, k) + cost_text(r, k);
}

std::string difference_of(const CompareReport& r, std::size_t k, const char* name) {
  const auto m = measure_at(r, name);
  if (!m) return "-";
  return number(r.comparison.policies[k].measures[*m].difference.estimate.mean,
                shown(r.measures[*m].unit), true);
}

}  // namespace

std::string verdict_table(const CompareReport& r) {
  const Shown minutes = shown("s");
  std::vector<std::vector<std::string>> rows{
      {"verdict", "", "outage", "probability", "median if so [min]", "downtime or change [min]",
       "interval", "less/more", "held [GPU-h]", "wasted [GPU-h]"}};
  for (std::size_t k = 0; k < r.policies.size(); ++k) {
    const PolicyEstimates& e = r.comparison.policies[k];
    const Estimate& downtime = e.measures.front();
    std::vector<std::string> row{r.policies[k].name, k == 0 ? "" : name_of(r.rulings[k].verdict),
                                 fmt::format("{} of {}", e.collapsed, e.runs), percent(e.collapse)};
    std::string median = "-";
    if (e.if_collapsed) {
      median = number(e.if_collapsed->value, minutes);
      if (e.if_collapsed->interval)
        median += " " + interval_text(*e.if_collapsed->interval, minutes);
    }
    row.push_back(median);
    if (k == 0) {
      row.push_back(number(downtime.mean.mean, minutes));
      row.push_back(interval_text(*downtime.mean_interval, minutes));
    } else {
      row.push_back(change(downtime.difference.estimate.mean, minutes));
      row.push_back(interval_text(*downtime.difference_interval, minutes, true));
      row.push_back(fmt::format("{}/{}", r.rulings[k].less, r.rulings[k].more));
      row.push_back(difference_of(r, k, "provisioned_gpu_hours"));
      row.push_back(difference_of(r, k, "wasted_gpu_hours"));
    }
    rows.push_back(std::move(row));
  }
  std::string text =
      aligned(rows) + fmt::format(
                          "  verdicts hold at any time ({:.0f} % for the whole table); "
                          "less/more: seeds with less and with more downtime\n\n",
                          100 * kConfidence);
  for (const std::string& answer : answers(r)) text += answer + "\n";
  return text;
}

std::vector<std::string> answers(const CompareReport& r) {
  std::vector<std::size_t> order;
  for (std::size_t k = 1; k < r.policies.size(); ++k) order.push_back(k);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return effect_of(r, a) < effect_of(r, b); });
  std::vector<std::string> sentences;
  for (const std::size_t k : order) sentences.push_back(sentence(r, k));
  return sentences;
}

}  // namespace stampede
