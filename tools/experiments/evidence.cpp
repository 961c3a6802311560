#include "tools/experiments/evidence.h"

#ifndef BOOST_MATH_PROMOTE_DOUBLE_POLICY
#define BOOST_MATH_PROMOTE_DOUBLE_POLICY false
#endif

#include <algorithm>
#include <array>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "sim/check.h"

namespace stampede {
namespace {

// Shares of the capital that the gamblers stake: small ones for small effects in much noise.
constexpr std::array kStakes{1 / 64.0,  1 / 32.0,  1 / 16.0,  2 / 16.0,  3 / 16.0,  4 / 16.0,
                             5 / 16.0,  6 / 16.0,  7 / 16.0,  8 / 16.0,  9 / 16.0,  10 / 16.0,
                             11 / 16.0, 12 / 16.0, 13 / 16.0, 14 / 16.0, 15 / 16.0, 1.0};
constexpr int kBisections = 50;

// Bets with outcomes gain(x) >= -1, fair or worse than fair under the hypothesis.
template <class Gain>
double log_largest(const std::vector<double>& values, const Gain& gain) {
  constexpr double kRich = 1e100;  // above it all capitals are counted in this unit
  std::array<double, kStakes.size()> capitals;
  capitals.fill(1);
  double unit = 0, largest_here = 1, largest = 0;  // logarithms but for the one in between
  for (const double x : values) {
    const double won = gain(x);
    double together = 0;  // their mean
    for (std::size_t k = 0; k < kStakes.size(); ++k) {
      capitals[k] *= std::max(0.0, 1 + kStakes[k] * won);
      together += capitals[k];
    }
    together /= static_cast<double>(kStakes.size());
    if (together > largest_here) {
      largest_here = together;
      largest = unit + std::log(together);
    }
    if (together < kRich || std::isinf(together)) continue;
    for (double& capital : capitals) capital /= kRich;
    unit += std::log(kRich);
    largest_here = together / kRich;
  }
  return largest;
}

// The end of the interval between `outside`, which is rejected, and `inside`, which is not.
template <class Rejected>
double end_between(double outside, double inside, const Rejected& rejected) {
  if (!rejected(outside)) return outside;
  for (int k = 0; k < kBisections; ++k) {
    const double middle = (outside + inside) / 2;
    (rejected(middle) ? outside : inside) = middle;
  }
  return outside;
}

}  // namespace

double log_largest_capital(const std::vector<double>& values) {
  for (const double v : values) STAMPEDE_CHECK(-1 <= v && v <= 1, "a bet on more than is staked");
  return log_largest(values, [](double v) { return v; });
}

double anytime_p(const std::vector<double>& values) {
  return std::exp(-log_largest_capital(values));
}

Interval anytime_mean(const std::vector<double>& values, double low, double high,
                      double confidence) {
  STAMPEDE_CHECK(low < high, "a mean without a range");
  if (values.empty()) return {low, high};
  std::vector<double> units;
  double sum = 0;
  for (const double v : values) {
    STAMPEDE_CHECK(low <= v && v <= high, "a value beyond its range");
    units.push_back((v - low) / (high - low));
    sum += units.back();
  }
  const double mean = sum / static_cast<double>(units.size());
  const double limit = std::log(2 / (1 - confidence));  // half of the error for each end
  const auto too_low = [&](double m) {
    return log_largest(units, [m](double u) {
             return m > 0 ? (u - m) / m : u > 0 ? HUGE_VAL : 0.0;
           }) >= limit;
  };
  const auto too_high = [&](double m) {
    return log_largest(units, [m](double u) {
             return m < 1 ? (m - u) / (1 - m) : u < 1 ? HUGE_VAL : 0.0;
           }) >= limit;
  };
  const double from = end_between(0.0, mean, too_low), to = end_between(1.0, mean, too_high);
  return {low + from * (high - low), low + to * (high - low)};
}

Interval anytime_share(std::size_t hits, std::size_t n, double confidence) {
  STAMPEDE_CHECK(hits <= n, "a share of nothing");
  if (n == 0) return {0, 1};
  const auto h = static_cast<double>(hits), m = static_cast<double>(n - hits);
  const auto log_beta = [](double a, double b) {
    using boost::math::lgamma;
    return lgamma(a) + lgamma(b) - lgamma(a + b);
  };
  const double mixture = log_beta(h + 0.5, m + 0.5) - log_beta(0.5, 0.5);
  const double limit = -std::log(1 - confidence);
  const auto rejected = [&](double p) {
    if ((p <= 0 && hits > 0) || (p >= 1 && hits < n)) return true;
    const double likelihood =
        (hits > 0 ? h * std::log(p) : 0) + (hits < n ? m * std::log1p(-p) : 0);
    return mixture - likelihood >= limit;
  };
  const double share = h / (h + m);
  return {hits == 0 ? 0 : end_between(0.0, share, rejected),
          hits == n ? 1 : end_between(1.0, share, rejected)};
}

QuantileEstimate anytime_median(std::vector<double> values, double confidence) {
  QuantileEstimate q = quantile_estimate(values, 0.5, confidence);
  q.interval.reset();
  std::sort(values.begin(), values.end());
  // The k smallest values are below the median unless k of n is too few for a probability of 1/2.
  const std::size_t n = values.size();
  std::size_t k = 0;
  while (k < n && anytime_share(k, n, confidence).high < 0.5) ++k;
  if (k > 0 && k <= n - k) q.interval = Interval{values[k - 1], values[n - k]};
  return q;
}

}  // namespace stampede
