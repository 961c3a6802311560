#include "tools/experiments/compare.h"

#include <algorithm>

#include "sim/check.h"
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

Comparison compare(const CompareRuns& runs, const std::vector<double>& resolution,
                   double confidence) {
  STAMPEDE_CHECK(!runs.empty() && runs.front().size() >= 2, "nothing to compare");
  Comparison out;
  std::vector<double> p;
  const std::size_t measures = runs.front().front().values.size();
  for (const auto& of_policy : runs) {
    PolicyEstimates policy;
    policy.runs = of_policy.size();
    for (const CompareRun& run : of_policy) {
      policy.collapsed += run.collapsed;
      policy.not_recovered += !run.recovered;
    }
    policy.collapse = wilson_interval(policy.collapsed, policy.runs, confidence);
    for (std::size_t m = 0; m < measures; ++m) {
      const std::vector<double> base = values_of(runs.front(), m);
      const std::vector<double> values = values_of(of_policy, m);
      Estimate e;
      const double r = resolution.empty() ? 0 : resolution[m];
      e.mean = mean_estimate(values, confidence, r);
      e.median = quantile_estimate(values, 0.5, confidence);
      e.difference = paired_difference(base, values, confidence, r);
      if (&of_policy != &runs.front()) p.push_back(e.difference.p);
      policy.measures.push_back(std::move(e));
    }
    out.policies.push_back(std::move(policy));
  }
  const std::vector<double> adjusted = holm_adjusted(p);
  out.comparisons = adjusted.size();
  for (std::size_t k = 0; k < adjusted.size(); ++k) {
    Estimate& e = out.policies[1 + k / measures].measures[k % measures];
    e.p_adjusted = adjusted[k];
    e.resolved = adjusted[k] <= 1 - confidence;
  }
  return out;
}

}  // namespace stampede
