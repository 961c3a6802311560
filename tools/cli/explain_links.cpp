// Links of the causal chain, each removed by a lever that the model has for it: what downtime it
// carries, which small sets of levers prevent the outage, and shares where links interact.
// Source: Shapley (1953), exact over all subsets of the levers that are looked at.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

#include "tools/cli/explain.h"
#include "tools/experiments/compare_output.h"
#include "tools/experiments/evidence.h"
#include "tools/experiments/shown.h"
#include "tools/language/diagnostics.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

// A lever for each link that a mitigation acts on; docs/models/mitigations.md.
const char* const kLevers[] = {"bgp_commit_confirmed", "glb_spillover_cap",    "retry_budget",
                               "queue_limit",          "hpa_scale_up_limit",   "events_etcd_split",
                               "cancel_on_timeout",    "kv_epoch_fencing",     "kv_checksum",
                               "regional_breaker",     "kv_lazy_invalidation", "gated_ramp"};
constexpr std::size_t kLeastRuns = 3;

using Mask = u32;

class Levers {
 public:
  Levers(const ExplainOptions& o, TrialSession& session)
      : policies_(parse_policies(
            o.policies.empty() ? std::vector<std::string>(std::begin(kLevers), std::end(kLevers))
                               : o.policies)),
        session_(session) {
    policies_.erase(policies_.begin());  // the baseline
    require_known(policies_);
    if (policies_.size() > 32)
      throw InputError({{"--with", 0, 0, "", "32 levers are the most", ""}});
    for (std::size_t k = 0; k < policies_.size();) {
      if (const auto fault = session.trials().fault({{}, policies_[k].mitigations})) {
        left_out_.push_back({policies_[k], fault->diagnostics.front().message});
        policies_.erase(policies_.begin() + static_cast<std::ptrdiff_t>(k));
      } else {
        ++k;
      }
    }
  }

  std::size_t size() const { return policies_.size(); }
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  std::string name(Mask set) const {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < policies_.size(); ++k)
      if (set >> k & 1) names.push_back(policies_[k].name);
    return fmt::format("{}", fmt::join(names, "+"));
  }

  // Plays each set with the seeds up to `runs` that it lacks, a seed at a time; false when the time
  // is over.
  bool play(const std::vector<Mask>& sets, std::size_t runs) {
    for (std::size_t n = 0; n < runs; ++n) {
      std::vector<TrialSession::Question> questions;
      std::vector<Mask> asked;
      for (const Mask set : sets)
        if (trials_[set].size() == n && std::find(asked.begin(), asked.end(), set) == asked.end()) {
          questions.push_back({change(set), session_.trials().seed() + static_cast<i64>(n)});
          asked.push_back(set);
        }
      const auto answers = session_.ask(questions);
      for (std::size_t k = 0; k < answers.size(); ++k)
        if (answers[k]) trials_[asked[k]].push_back(*answers[k]);
      if (session_.budget().over()) return false;
    }
    return true;
  }

  const std::vector<Trial>& trials(Mask set) { return trials_[set]; }
  Paired against(Mask set, Mask without) {
    std::vector<double> differences;
    const auto &a = trials_[set], &b = trials_[without];
    for (std::size_t n = 0; n < std::min(a.size(), b.size()); ++n)
      differences.push_back(a[n].downtime_seconds - b[n].downtime_seconds);
    return paired(differences, session_.trials().scenario().spec.duration.seconds());
  }
  std::size_t outages(Mask set) {
    const auto& all = trials_[set];
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Trial& t) { return t.outage; }));
  }
  // No outage in any run, of enough runs.
  bool prevents(Mask set) { return trials_[set].size() >= kLeastRuns && outages(set) == 0; }

 private:
  Variation change(Mask set) const {
    Variation change;
    for (std::size_t k = 0; k < policies_.size(); ++k)
      if (set >> k & 1)
        for (const std::string& name : policies_[k].mitigations)
          if (std::find(change.mitigations.begin(), change.mitigations.end(), name) ==
              change.mitigations.end())
            change.mitigations.push_back(name);
    return change;
  }

  std::vector<Policy> policies_;
  std::vector<LeftOut> left_out_;  // this scenario has no place for them
  TrialSession& session_;
  std::map<Mask, std::vector<Trial>> trials_;
};

// Sets of one lever more than those of `smaller`, none of which contains a set that prevents it.
std::vector<Mask> larger(const std::vector<Mask>& smaller, std::size_t levers,
                         const std::vector<Mask>& preventing) {
  std::vector<Mask> sets;
  for (const Mask set : smaller)
    for (std::size_t k = 0; k < levers; ++k) {
      const Mask more = set | Mask{1} << k;
      const bool redundant = std::any_of(preventing.begin(), preventing.end(),
                                         [&](Mask enough) { return (more & enough) == enough; });
      if (more != set && !redundant && std::find(sets.begin(), sets.end(), more) == sets.end())
        sets.push_back(more);
    }
  return sets;
}

// Shapley values of the levers in `of`: mean minutes of downtime that each prevents, over all
// orders in which they could be pulled.
std::map<std::size_t, double> shapley(Levers& levers, const std::vector<std::size_t>& of) {
  std::map<std::size_t, double> shares;
  const std::size_t m = of.size();
  const auto mask = [&](u32 subset) {
    Mask set = 0;
    for (std::size_t i = 0; i < m; ++i)
      if (subset >> i & 1) set |= Mask{1} << of[i];
    return set;
  };
  for (std::size_t i = 0; i < m; ++i)
    for (u32 subset = 0; subset < 1u << m; ++subset) {
      if (subset >> i & 1) continue;
      // 1 / (m * binomial(m - 1, |S|))
      const auto s = static_cast<double>(std::popcount(subset));
      double weight = 1.0 / static_cast<double>(m);
      for (double j = 1; j <= s; ++j) weight *= j / (static_cast<double>(m) - j);
      shares[of[i]] -= weight * levers.against(mask(subset | 1u << i), mask(subset)).mean;
    }
  return shares;
}

std::string links_table(Levers& levers, const std::vector<Mask>& sets) {
  std::vector<std::vector<std::string>> rows{
      {"lever", "outages", "probability", "downtime [min]", "interval", "runs"}};
  for (const Mask set : sets) {
    const std::size_t runs = levers.trials(set).size();
    if (runs == 0) continue;
    const Paired p = levers.against(set, 0);
    rows.push_back(
        {set == 0 ? "none" : levers.name(set), fmt::format("{} of {}", levers.outages(set), runs),
         percent(anytime_share(levers.outages(set), runs)), set == 0 ? "" : minutes_text(p.mean),
         set == 0 ? "" : minutes_text(p.interval), std::to_string(runs)});
  }
  return aligned(rows);
}

// Why no set is named.
std::string nothing_found(Levers& levers, const ExplainOptions& o) {
  const std::size_t runs = levers.trials(0).size();
  if (levers.outages(0) == 0)
    return fmt::format("there is no outage to prevent: 0 of {} runs without a lever\n", runs);
  return fmt::format("no set of up to {} levers that was played prevents the outage\n",
                     o.most_levers());
}

}  // namespace

Explained explain_links(const ExplainOptions& o, TrialSession& session) {
  Levers levers(o, session);
  Explained out;
  const auto runs = static_cast<std::size_t>(o.runs);
  std::vector<Mask> singles{0}, preventing, shown_sets;
  for (std::size_t k = 0; k < levers.size(); ++k) singles.push_back(Mask{1} << k);
  // A few seeds for all, so that whatever the budget, sets are looked at as well.
  bool time = levers.play(singles, std::min(runs, kLeastRuns));
  if (levers.trials(0).empty()) {
    out.over_before = "there was a run without a lever";
    out.least_runs = singles.size();
    return out;
  }
  shown_sets = singles;
  std::vector<Mask> level(singles.begin() + 1, singles.end());
  for (i64 size = 1; time && size <= o.most_levers(); ++size) {
    if (size > 1) {
      level = larger(level, levers.size(), preventing);
      time = levers.play(level, std::min(runs, kLeastRuns));
      shown_sets.insert(shown_sets.end(), level.begin(), level.end());
    }
    for (const Mask set : level)
      if (levers.prevents(set)) preventing.push_back(set);
    std::erase_if(level, [&](Mask set) { return levers.prevents(set); });
  }
  // Shares of the levers that change most, over all of their subsets.
  std::vector<std::size_t> order(levers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return levers.against(Mask{1} << a, 0).mean < levers.against(Mask{1} << b, 0).mean;
  });
  std::erase_if(order, [&](std::size_t k) { return levers.against(Mask{1} << k, 0).mean >= 0; });
  order.resize(std::min<std::size_t>(order.size(), std::min<std::size_t>(4, o.most_leaders())));
  std::vector<Mask> subsets;
  for (u32 subset = 0; subset < 1u << order.size(); ++subset) {
    Mask set = 0;
    for (std::size_t i = 0; i < order.size(); ++i)
      if (subset >> i & 1) set |= Mask{1} << order[i];
    subsets.push_back(set);
  }
  const bool shares_known =
      time && order.size() > 1 && levers.play(subsets, std::min(runs, kLeastRuns));
  const auto shares = shares_known ? shapley(levers, order) : std::map<std::size_t, double>{};
  // What time is left makes the single levers and the sets that prevent it surer.
  std::vector<Mask> surer = singles;
  surer.insert(surer.end(), preventing.begin(), preventing.end());
  for (std::size_t n = kLeastRuns + 1; time && n <= runs; ++n) time = levers.play(surer, n);
  std::erase_if(preventing, [&](Mask set) { return !levers.prevents(set); });

  std::erase_if(shown_sets, [&](Mask set) {
    return std::popcount(set) > 1 &&
           std::find(preventing.begin(), preventing.end(), set) == preventing.end();
  });
  out.table = fmt::format("links, each removed by its lever\n\n") + links_table(levers, shown_sets);
  std::vector<std::string> names, braced;
  for (const Mask set : preventing) {
    names.push_back(levers.name(set));
    braced.push_back("{" + levers.name(set) + "}");
  }
  out.table += names.empty() ? "\n" + nothing_found(levers, o)
                             : fmt::format("\nminimal sets without an outage in any run: {}\n",
                                           listed(braced));
  if (!shares.empty()) {
    out.table += "\nshares of the minutes that these levers prevent together (Shapley)\n";
    for (const std::size_t k : order)
      out.table +=
          fmt::format("  {}  {}\n", levers.name(Mask{1} << k), minutes_text(shares.at(k), false));
  }
  out.table += left_out_text(levers.left_out());

  out.json = {{"levers", nlohmann::ordered_json::array()},
              {"minimal_sets", names},
              {"shapley_seconds", nlohmann::ordered_json::object()},
              {"left_out", left_out_json(levers.left_out())}};
  for (const Mask set : shown_sets) {
    const std::size_t n = levers.trials(set).size();
    const Interval share = anytime_share(levers.outages(set), n);
    out.json["levers"].push_back({{"set", levers.name(set)},
                                  {"runs", n},
                                  {"outages", levers.outages(set)},
                                  {"low", share.low},
                                  {"high", share.high},
                                  {"downtime", json_of(levers.against(set, 0))}});
  }
  for (const auto& [k, share] : shares)
    out.json["shapley_seconds"][levers.name(Mask{1} << k)] = share;
  return out;
}

}  // namespace stampede
