// The comparison on a system whose answer is known: intervals must cover it as often as they say.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/dependencies/station_customers.h"
#include "tools/experiments/compare.h"

namespace stampede {
namespace test_compare {

struct Nobody : CustomersObserver {
  void passed(const StationJob&) override {}
  void gone(Duration, bool) override {}
};

constexpr double kArrivals = 0.5;  // per second

// Mean number in an M/M/1 station over 2,000 s, after 200 s from empty: at these loads what is left
// of the start has died down by exp(-17).
double mean_number_in_system(double service_rate, i64 seed) {
  CustomersParams params;
  params.arrival_rate = Rate{kArrivals};
  params.service_rate = Rate{service_rate};
  World world(static_cast<u64>(seed));
  Nobody nobody;
  Customers customers(world, "customers", params, nobody);
  const auto area = [&](Duration until) {
    world.scheduler.run_until(Instant{} + until);
    return static_cast<double>(customers.station(0).areas().present) * 1e-9;
  };
  const double before = area(200_s);
  return (area(2200_s) - before) / 2000;
}

double exact(double service_rate) {
  const double load = kArrivals / service_rate;
  return load / (1 - load);
}

constexpr double kRates[] = {1.0, 1.25};  // baseline and a faster server

CompareRun play(std::size_t policy, i64 seed) {
  CompareRun run;
  run.seed = seed;
  run.values = {mean_number_in_system(kRates[policy], seed)};
  run.collapsed = run.values[0] > exact(kRates[policy]);
  return run;
}

TEST(compare, intervals_cover_the_known_answer_as_often_as_they_say) {
  constexpr int kExperiments = 1000;
  int difference = 0, baseline = 0, wrongly_resolved = 0;
  double reduction = 0;
  const double truth = exact(kRates[1]) - exact(kRates[0]);
  for (int k = 0; k < kExperiments; ++k) {
    ComparePlan plan;
    plan.policies = 2;
    plan.first_seed = 1 + 10 * k;
    const Comparison c = compare(replicate(plan, play).runs);
    const Interval d = c.policies[1].measures[0].difference.estimate.interval();
    const Interval b = c.policies[0].measures[0].mean.interval();
    difference += d.low <= truth && truth <= d.high;
    baseline += b.low <= exact(kRates[0]) && exact(kRates[0]) <= b.high;
    reduction += c.policies[1].measures[0].difference.variance_reduction.value_or(0);
    // Against itself nothing may ever be resolved.
    const auto twice = [&](std::size_t, i64 seed) { return play(0, seed); };
    if (k < 20)
      wrongly_resolved += compare(replicate(plan, twice).runs).policies[1].measures[0].resolved;
  }
  fmt::print("coverage of the difference {:.1f} %, of the mean {:.1f} %; pairing saved x {:.1f}\n",
             difference / 10.0, baseline / 10.0, reduction / kExperiments);
  EXPECT_GE(difference, 930);
  EXPECT_LE(difference, 970);
  EXPECT_GE(baseline, 930);
  EXPECT_LE(baseline, 970);
  EXPECT_GT(reduction / kExperiments, 2);
  EXPECT_EQ(wrongly_resolved, 0);
}

TEST(compare, does_not_depend_on_the_number_of_jobs) {
  ComparePlan plan;
  plan.policies = 2;
  const CompareRuns one = replicate(plan, play).runs;
  plan.jobs = 4;
  const CompareRuns four = replicate(plan, play).runs;
  for (std::size_t policy = 0; policy < 2; ++policy)
    for (std::size_t n = 0; n < plan.replications; ++n) {
      EXPECT_EQ(one[policy][n].seed, static_cast<i64>(n) + 1);
      EXPECT_EQ(four[policy][n].seed, one[policy][n].seed);
      EXPECT_EQ(four[policy][n].values, one[policy][n].values);
    }
}

TEST(compare, stops_at_the_precision_asked_for_or_at_the_limit) {
  ComparePlan plan;
  plan.policies = 2;
  plan.precision = 0.05;
  const Replications done = replicate(plan, play);
  EXPECT_EQ(done.stopped_by, StoppedBy::kPrecision);
  const std::size_t n = done.runs[0].size();
  EXPECT_GT(n, 10u);
  EXPECT_EQ(n % 5, 0u);
  const auto fine = [&](std::size_t runs) {  // with the first so many runs of each policy
    bool all = true;
    for (const auto& of_policy : done.runs) {
      std::vector<double> values;
      for (std::size_t k = 0; k < runs; ++k) values.push_back(of_policy[k].values[0]);
      all = all && precise_enough(mean_estimate(values), 0.05, 10);
    }
    return all;
  };
  EXPECT_TRUE(fine(n));
  EXPECT_FALSE(fine(n - 5));  // not one batch more than needed
  plan.limit = 12;
  const Replications cut = replicate(plan, play);
  EXPECT_EQ(cut.stopped_by, StoppedBy::kLimit);
  EXPECT_EQ(cut.runs[0].size(), 12u);
}

// Holm over all policies and measures of one table, not for each measure by itself.
TEST(compare, one_family_of_tests_for_the_whole_table) {
  CompareRuns runs(2, std::vector<CompareRun>(6));
  for (std::size_t n = 0; n < 6; ++n) {
    const double noise = n % 2 == 0 ? 1 : -1;
    runs[0][n].values = {0, 0, 0, 0};
    runs[1][n].values = {1 + 0.8 * noise, noise, noise, noise};
    runs[1][n].recovered = n != 0;
    runs[1][n].collapsed = n < 3;
  }
  const Comparison c = compare(runs);
  EXPECT_EQ(c.comparisons, 4u);
  const Estimate& e = c.policies[1].measures[0];
  EXPECT_LT(e.difference.p, 0.05);
  EXPECT_NEAR(e.p_adjusted, 4 * e.difference.p, 1e-12);
  EXPECT_FALSE(e.resolved);
  EXPECT_EQ(c.policies[1].not_recovered, 1u);
  EXPECT_EQ(c.policies[1].collapsed, 3u);
  EXPECT_GT(c.policies[1].collapse.low, 0.1);
}

}  // namespace test_compare
}  // namespace stampede
