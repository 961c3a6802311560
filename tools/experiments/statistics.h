// What experiments say about a few replications: intervals, tests, when to stop. Pure functions.
// Source: Law, Simulation Modeling and Analysis (5th ed.), 9.4 for replications and sequential
//   stopping, 10.2 for paired differences; Clopper and Pearson (1934); Holm (1979); David and
//   Nagaraja, Order Statistics, 7.1. Quantiles of the distributions: Boost.Math.
// Limits: replications are independent; the t interval wants means that are near normal, which a
//   run that either collapses or not is not: look at shares and medians as well.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

namespace stampede {

inline constexpr double kConfidence = 0.95;

struct Interval {
  double low = 0, high = 0;
};

// A mean with the Student-t interval of its expectation. Values that are known only to a
// resolution, such as whole minutes, vary by at least the error of rounding, resolution / sqrt(12)
// (Sheppard), even if they all agree.
struct MeanEstimate {
  std::size_t n = 0;
  double mean = 0, standard_deviation = 0;
  double standard_error = 0, half_width = 0;  // infinite for n < 2
  Interval interval() const { return {mean - half_width, mean + half_width}; }
};
// `values` must not be empty.
MeanEstimate mean_estimate(const std::vector<double>& values, double confidence = kConfidence,
                           double resolution = 0);

// The difference other - base of two systems that were run with the same seeds.
struct PairedDifference {
  MeanEstimate estimate;
  // Two-sided, of "there is no difference". Where every replication gave the same difference of
  // values without a resolution, of the sign test (2^(1-n)): t would be infinite.
  double p = 1;
  // Variance of the difference without pairing over that with it: how many times as many runs
  // independent seeds would have taken. Absent when the paired differences do not vary.
  std::optional<double> variance_reduction;
};
// One value a replication each, in the same order; `resolution` of each value.
PairedDifference paired_difference(const std::vector<double>& base,
                                   const std::vector<double>& other,
                                   double confidence = kConfidence, double resolution = 0);

// Exact interval of a probability after `hits` of `n` > 0 (Clopper and Pearson): for no probability
// does it cover less often than it says. Of the score interval (Wilson) that is not true: after ten
// runs it covers a probability of 1.7 % in 84 of 100 cases.
Interval exact_interval(std::size_t hits, std::size_t n, double confidence = kConfidence);

// Holm's step-down over one family of tests: p values adjusted, in the order given. A test is
// resolved at a familywise level if its adjusted p is not above it.
std::vector<double> holm_adjusted(const std::vector<double>& p);

// Whether the relative error of the mean is at most `relative` at the estimate's confidence: half
// width <= g/(1+g) |mean| (the mean itself is only estimated), after at least `at_least`
// replications.
bool precise_enough(const MeanEstimate& estimate, double relative, std::size_t at_least);

// Distribution-free interval of the p-quantile from order statistics, with the quantile's estimate.
struct QuantileEstimate {
  double value = 0;
  std::optional<Interval> interval;  // absent: too few values for this confidence
};
// `values` must not be empty; 0 < p < 1.
QuantileEstimate quantile_estimate(std::vector<double> values, double p,
                                   double confidence = kConfidence);

}  // namespace stampede
