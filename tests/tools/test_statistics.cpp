// Intervals and tests of experiments on values that others computed.
#include <gtest/gtest.h>

#include <cmath>

#include "tools/experiments/statistics.h"

namespace stampede {
namespace test_statistics {

// Student's sleep data (Biometrika 1908), as in R's `sleep`; R's t.test(paired = TRUE) gives
// t = 4.0621, p = 0.002833, 0.7001142 to 2.4598858.
const std::vector<double> kFirst{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
const std::vector<double> kSecond{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

TEST(statistics, t_interval_of_a_mean) {
  const MeanEstimate e = mean_estimate({1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(e.mean, 3);
  EXPECT_NEAR(e.standard_deviation, 1.581139, 1e-6);
  EXPECT_NEAR(e.half_width, 1.963243, 1e-6);  // 2.776445 s / sqrt(5)
  EXPECT_NEAR(mean_estimate({1, 2, 3, 4, 5}, 0.9).half_width, 1.507443, 1e-6);  // 2.131847
  EXPECT_TRUE(std::isinf(mean_estimate({7}).half_width));
  EXPECT_EQ(mean_estimate({0.1, 0.1, 0.1}).standard_deviation, 0);  // exactly
}

TEST(statistics, paired_difference_of_students_sleep_data) {
  const PairedDifference d = paired_difference(kFirst, kSecond);
  EXPECT_NEAR(d.estimate.mean, 1.58, 1e-12);
  EXPECT_NEAR(d.estimate.interval().low, 0.7001142, 1e-7);
  EXPECT_NEAR(d.estimate.interval().high, 2.4598858, 1e-7);
  EXPECT_NEAR(d.p, 0.002833, 5e-7);
  // Variances 3.200556 and 4.009000, of the differences 1.512889.
  EXPECT_NEAR(d.variance_reduction.value(), 4.765425, 1e-5);
}

TEST(statistics, differences_without_spread_are_judged_by_the_sign_test) {
  const PairedDifference same = paired_difference({1, 2, 3}, {1, 2, 3});
  EXPECT_EQ(same.p, 1);
  EXPECT_FALSE(same.variance_reduction);
  // Three seeds that agree to the last digit are still only three seeds.
  EXPECT_DOUBLE_EQ(paired_difference({1, 2, 3}, {2, 3, 4}).p, 0.25);
  const std::vector<double> ten(10, 0.0), more(10, 5.0);
  EXPECT_DOUBLE_EQ(paired_difference(ten, more).p, 1.0 / 512);
  EXPECT_EQ(paired_difference({1}, {2}).p, 1);
}

// Whole minutes: seeds that all agree still leave the error of rounding, 60 / sqrt(6) s for a
// difference; t(2, 97.5 %) = 4.302653.
TEST(statistics, rounded_values_vary_by_the_error_of_rounding) {
  const PairedDifference d = paired_difference({600, 660, 720}, {540, 600, 660}, kConfidence, 60);
  EXPECT_EQ(d.estimate.standard_deviation, 0);
  EXPECT_NEAR(d.estimate.half_width, 4.302653 * 60 / std::sqrt(6.0) / std::sqrt(3.0), 1e-4);
  EXPECT_GT(d.p, 0.04);
  EXPECT_LT(d.p, 0.06);  // t = 4.243 with two degrees of freedom
  EXPECT_FALSE(d.variance_reduction);
  // A spread larger than that stands for itself.
  const std::vector<double> base{0, 0, 0}, other{600, 1200, 1800};
  EXPECT_EQ(paired_difference(base, other, kConfidence, 60).estimate.half_width,
            paired_difference(base, other).estimate.half_width);
}

// Newcombe, Statistics in Medicine 17 (1998), table I, method 5.
TEST(statistics, exact_interval_of_a_share) {
  const struct {
    std::size_t hits, n;
    double low, high;
  } published[] = {{81, 263, 0.2527, 0.3676},
                   {15, 148, 0.0578, 0.1617},
                   {0, 20, 0.0000, 0.1684},
                   {1, 29, 0.0009, 0.1776}};
  for (const auto& row : published) {
    const Interval i = exact_interval(row.hits, row.n);
    EXPECT_NEAR(i.low, row.low, 5e-5) << row.hits;
    EXPECT_NEAR(i.high, row.high, 5e-5) << row.hits;
  }
  EXPECT_EQ(exact_interval(0, 7).low, 0);
  EXPECT_EQ(exact_interval(7, 7).high, 1);
}

// R: p.adjust(p, "holm").
TEST(statistics, holm_steps_down) {
  const std::vector<double> adjusted = holm_adjusted({0.04, 0.01, 0.05, 0.02, 0.03});
  const std::vector<double> wanted{0.09, 0.05, 0.09, 0.08, 0.09};
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(adjusted[i], wanted[i], 1e-12) << i;
  EXPECT_EQ(holm_adjusted({0.5, 0.9}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(statistics, sequential_stop_at_a_relative_precision) {
  MeanEstimate e;
  e.n = 10;
  e.mean = -100;
  e.half_width = 100 * 0.05 / 1.05;
  EXPECT_TRUE(precise_enough(e, 0.05, 10));
  EXPECT_FALSE(precise_enough(e, 0.05, 11));
  e.half_width *= 1.001;
  EXPECT_FALSE(precise_enough(e, 0.05, 10));
  EXPECT_TRUE(precise_enough(mean_estimate({0, 0, 0}), 0.05, 2));  // nothing ever happened
}

// Ranks of the exact binomial: n = 10 gives the 2nd and 9th (97.9 %), n = 20 the 6th and 15th
// (95.9 %), n = 6 the extremes (96.9 %), n = 5 none (93.8 %).
TEST(statistics, median_interval_by_order_statistics) {
  std::vector<double> values;
  for (int k = 20; k >= 1; --k) values.push_back(k);
  const QuantileEstimate q = quantile_estimate(values, 0.5);
  EXPECT_DOUBLE_EQ(q.value, 10.5);
  ASSERT_TRUE(q.interval);
  EXPECT_EQ(q.interval->low, 6);
  EXPECT_EQ(q.interval->high, 15);
  values.erase(values.begin(), values.begin() + 10);
  ASSERT_TRUE(quantile_estimate(values, 0.5).interval);
  EXPECT_EQ(quantile_estimate(values, 0.5).interval->low, 2);
  EXPECT_EQ(quantile_estimate(values, 0.5).interval->high, 9);
  EXPECT_TRUE(quantile_estimate({1, 2, 3, 4, 5, 6}, 0.5).interval);
  EXPECT_FALSE(quantile_estimate({1, 2, 3, 4, 5}, 0.5).interval);
  EXPECT_FALSE(quantile_estimate(values, 0.99).interval);
}

}  // namespace test_statistics
}  // namespace stampede
