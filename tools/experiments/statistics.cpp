#include "tools/experiments/statistics.h"

// Boost computes in double: a long double has other bits on other machines, and filling its tables
// costs every start of the program.
#define BOOST_MATH_PROMOTE_DOUBLE_POLICY false

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/check.h"

namespace stampede {
namespace {

double variance(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(values.size() - 1);
}

double mean_of(const std::vector<double>& values) {
  // About the first value: equal values have exactly themselves as mean, and no spread.
  double sum = 0;
  for (const double v : values) sum += v - values.front();
  return values.front() + sum / static_cast<double>(values.size());
}

}  // namespace

MeanEstimate mean_estimate(const std::vector<double>& values, double confidence,
                           double resolution) {
  STAMPEDE_CHECK(!values.empty(), "a mean of nothing");
  MeanEstimate e;
  e.n = values.size();
  e.mean = mean_of(values);
  e.standard_error = e.half_width = std::numeric_limits<double>::infinity();
  if (e.n < 2) return e;
  const auto n = static_cast<double>(e.n);
  e.standard_deviation = std::sqrt(variance(values, e.mean));
  const boost::math::students_t t(n - 1);
  const double rounding = resolution / std::sqrt(12.0);
  e.standard_error = std::max(e.standard_deviation, rounding) / std::sqrt(n);
  e.half_width = quantile(t, (1 + confidence) / 2) * e.standard_error;
  return e;
}

PairedDifference paired_difference(const std::vector<double>& base,
                                   const std::vector<double>& other, double confidence,
                                   double resolution) {
  STAMPEDE_CHECK(base.size() == other.size(), "a pair lacks its partner");
  std::vector<double> differences(base.size());
  for (std::size_t i = 0; i < base.size(); ++i) differences[i] = other[i] - base[i];
  PairedDifference d;
  d.estimate = mean_estimate(differences, confidence, resolution * std::sqrt(2.0));
  if (d.estimate.n < 2) return d;
  const auto n = static_cast<double>(d.estimate.n);
  const double s = d.estimate.standard_deviation;
  if (d.estimate.standard_error == 0) {
    d.p = d.estimate.mean == 0 ? 1 : std::ldexp(1.0, 1 - static_cast<int>(d.estimate.n));
    return d;
  }
  const boost::math::students_t t(n - 1);
  d.p = 2 * cdf(complement(t, std::abs(d.estimate.mean) / d.estimate.standard_error));
  if (s > 0)
    d.variance_reduction =
        (variance(base, mean_of(base)) + variance(other, mean_of(other))) / (s * s);
  return d;
}

Interval exact_interval(std::size_t hits, std::size_t n, double confidence) {
  STAMPEDE_CHECK(n > 0 && hits <= n, "a share of nothing");
  using boost::math::binomial;
  const auto h = static_cast<double>(hits), m = static_cast<double>(n);
  const double tail = (1 - confidence) / 2;
  return {hits == 0 ? 0 : binomial::find_lower_bound_on_p(m, h, tail),
          hits == n ? 1 : binomial::find_upper_bound_on_p(m, h, tail)};
}

std::vector<double> holm_adjusted(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, p[order[i]] * static_cast<double>(p.size() - i));
    adjusted[order[i]] = std::min(1.0, largest);
  }
  return adjusted;
}

bool precise_enough(const MeanEstimate& e, double relative, std::size_t at_least) {
  return e.n >= std::max<std::size_t>(2, at_least) &&
         e.half_width <= relative / (1 + relative) * std::abs(e.mean);
}

// Exact binomial ranks instead of np +- z sqrt(np(1-p)), which is not good for ten replications:
// the interval (x_(l), x_(u)) covers with probability P(l <= N < u), N ~ Binomial(n, p).
QuantileEstimate quantile_estimate(std::vector<double> values, double p, double confidence) {
  STAMPEDE_CHECK(!values.empty() && p > 0 && p < 1, "a quantile of nothing");
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const double at = p * static_cast<double>(n - 1);
  const auto below = static_cast<std::size_t>(at);
  QuantileEstimate q;
  q.value = values[below];
  if (below + 1 < n)
    q.value += (at - static_cast<double>(below)) * (values[below + 1] - values[below]);
  const boost::math::binomial number(static_cast<double>(n), p);
  const double tail = (1 - confidence) / 2;
  // The largest l with P(N < l) <= tail, the smallest u with P(N >= u) <= tail; ranks from 1.
  std::size_t low = 0, high = n + 1;
  while (low < n && cdf(number, static_cast<double>(low)) <= tail) ++low;
  while (high > 1 && cdf(complement(number, static_cast<double>(high) - 2)) <= tail) --high;
  if (low >= 1 && high <= n) q.interval = Interval{values[low - 1], values[high - 1]};
  return q;
}

}  // namespace stampede
