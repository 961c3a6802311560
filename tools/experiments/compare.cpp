#include "tools/experiments/compare.h"

#include <algorithm>

#include "sim/check.h"
#include "tools/experiments/evidence.h"
#include "tools/experiments/run_record.h"

namespace stampede {
namespace {

constexpr std::size_t kBatch = 5;  // replications added at a time
constexpr std::size_t kLeastForPrecision = 10;

std::vector<double> values_of(const std::vector<CompareRun>& runs, std::size_t measure) {
  std::vector<double> values;
  for (const CompareRun& run : runs) values.push_back(run.values[measure]);
  return values;
}

// Outages among the runs of a policy, and how long they were.
PolicyEstimates outages(const std::vector<CompareRun>& runs, bool any_time, double confidence) {
  PolicyEstimates policy;
  std::vector<double> long_ones;
  policy.runs = runs.size();
  for (const CompareRun& run : runs) {
    policy.not_recovered += !run.recovered;
    if (run.collapsed) long_ones.push_back(run.values.front());
  }
  policy.collapsed = long_ones.size();
  policy.collapse = any_time ? anytime_share(policy.collapsed, policy.runs, confidence)
                             : exact_interval(policy.collapsed, policy.runs, confidence);
  if (long_ones.empty()) return policy;
  policy.if_collapsed = any_time ? anytime_median(long_ones, confidence)
                                 : quantile_estimate(long_ones, 0.5, confidence);
  const auto [least, most] = std::minmax_element(long_ones.begin(), long_ones.end());
  policy.least_if_collapsed = *least;
  policy.most_if_collapsed = *most;
  return policy;
}

// What is known of one measure, and whether only its bounds say something of its mean.
struct Terms {
  double resolution = 0, most = 0;
  bool any_time = false, by_bounds = false;
};

Estimate estimate(const std::vector<double>& base, const std::vector<double>& values,
                  const Terms& terms, double confidence) {
  Estimate e;
  e.mean = mean_estimate(values, confidence, terms.resolution);
  e.median = terms.any_time ? anytime_median(values, confidence)
                            : quantile_estimate(values, 0.5, confidence);
  e.difference = paired_difference(base, values, confidence, terms.resolution);
  if (terms.by_bounds && terms.most > 0) {
    std::vector<double> differences;
    for (std::size_t n = 0; n < values.size(); ++n) differences.push_back(values[n] - base[n]);
    e.mean_interval = anytime_mean(values, 0, terms.most, confidence);
    e.difference_interval = anytime_mean(differences, -terms.most, terms.most, confidence);
  } else if (!terms.any_time) {
    e.mean_interval = e.mean.interval();
    e.difference_interval = e.difference.estimate.interval();
  }
  return e;
}

bool precise(const CompareRuns& runs, const ComparePlan& plan) {
  return std::all_of(runs.begin(), runs.end(), [&](const auto& of_policy) {
    return precise_enough(mean_estimate(values_of(of_policy, plan.measure)), *plan.precision,
                          kLeastForPrecision);
  });
}

}  // namespace

Replications replicate(const ComparePlan& plan,
                       const std::function<CompareRun(std::size_t policy, i64 seed)>& play) {
  Replications out;
  out.runs.resize(plan.policies);
  for (std::size_t wanted = plan.replications;;) {
    const std::size_t have = out.runs.front().size();
    for (auto& of_policy : out.runs) of_policy.resize(wanted);
    for_each_parallel((wanted - have) * plan.policies, plan.jobs, [&](std::size_t k) {
      const std::size_t policy = k % plan.policies, n = have + k / plan.policies;
      out.runs[policy][n] = play(policy, plan.first_seed + static_cast<i64>(n));
    });
    if (!plan.precision) return out;
    out.stopped_by = precise(out.runs, plan) ? StoppedBy::kPrecision : StoppedBy::kLimit;
    if (out.stopped_by == StoppedBy::kPrecision || wanted >= plan.limit) return out;
    wanted = std::min(wanted + kBatch, plan.limit);
  }
}

Comparison compare(const CompareRuns& runs, const CompareTerms& terms, double confidence) {
  STAMPEDE_CHECK(!runs.empty() && !runs.front().empty(), "nothing to compare");
  Comparison out;
  std::vector<double> p;
  const std::size_t measures = runs.front().front().values.size();
  for (const auto& of_policy : runs) {
    STAMPEDE_CHECK(!of_policy.empty() && of_policy.size() <= runs.front().size(),
                   "a pair lacks its partner");
    PolicyEstimates policy = outages(of_policy, terms.any_time, confidence);
    const bool mixture = (policy.collapsed > 0 && policy.collapsed < policy.runs) ||
                         (!out.policies.empty() && out.policies.front().collapsed > 0 &&
                          out.policies.front().collapsed < out.policies.front().runs);
    for (std::size_t m = 0; m < measures; ++m) {
      std::vector<double> base = values_of(runs.front(), m);
      base.resize(of_policy.size());
      const Terms of_measure{terms.resolution.empty() ? 0 : terms.resolution[m],
                             terms.most.empty() ? 0 : terms.most[m], terms.any_time,
                             terms.any_time || mixture};
      policy.measures.push_back(estimate(base, values_of(of_policy, m), of_measure, confidence));
      if (&of_policy != &runs.front()) p.push_back(policy.measures.back().difference.p);
    }
    out.policies.push_back(std::move(policy));
  }
  out.comparisons = p.size();
  if (terms.any_time) return out;
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t k = 0; k < adjusted.size(); ++k) {
    Estimate& e = out.policies[1 + k / measures].measures[k % measures];
    e.p_adjusted = adjusted[k];
    e.resolved = adjusted[k] <= 1 - confidence;
  }
  return out;
}

}  // namespace stampede
