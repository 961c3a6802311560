// sim/math against libm in extended precision, in units in the last place, over wide ranges.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sim/math.h"
#include "sim/random.h"

namespace stampede {
namespace test_math {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double ulps(double got, long double truth) {
  const auto rounded = static_cast<double>(truth);
  const double next = std::nextafter(std::fabs(rounded), kInfinity);
  const long double unit = static_cast<long double>(next) - std::fabs(rounded);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - truth) / unit);
}

// Uniform in (low, high), the i-th of a fixed sequence.
double between(double low, double high, u64 i) {
  return low + (high - low) * uniform(draw(stream_key(3, "test", "math"), i));
}

TEST(math, log_over_all_magnitudes) {
  double worst = 0;
  for (u64 i = 0; i < 300'000; ++i) {
    double x = std::exp2(between(-1074, 1023.9, i));
    if (i % 3 == 0) x = between(0.5, 2.0, i);      // around the zero of log
    if (i % 3 == 1) x = uniform(draw({5, 6}, i));  // what samplers feed
    worst = std::max(worst, ulps(math::log(x), std::log(static_cast<long double>(x))));
  }
  EXPECT_LE(worst, 1.0);
  std::printf("log: worst %.3f ulp\n", worst);
  EXPECT_EQ(math::log(1.0), 0.0);
  EXPECT_EQ(math::log(0.0), -kInfinity);
  EXPECT_EQ(math::log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(math::log(-1.0)));
  EXPECT_TRUE(std::isnan(math::log(std::nan(""))));
}

TEST(math, exp_over_all_magnitudes) {
  double worst = 0;
  for (u64 i = 0; i < 300'000; ++i) {
    const double x = i % 2 ? between(-708, 709.7, i) : between(-2, 2, i);
    worst = std::max(worst, ulps(math::exp(x), std::exp(static_cast<long double>(x))));
  }
  EXPECT_LE(worst, 1.0);
  std::printf("exp: worst %.3f ulp\n", worst);
  for (u64 i = 0; i < 1000; ++i) {  // subnormal results: one unit of the smallest
    const double x = between(-745.1, -708.4, i);
    EXPECT_NEAR(math::exp(x), std::exp(x), 2 * std::numeric_limits<double>::denorm_min());
  }
  EXPECT_EQ(math::exp(0.0), 1.0);
  EXPECT_EQ(math::exp(710.0), kInfinity);
  EXPECT_EQ(math::exp(-800.0), 0.0);
  EXPECT_EQ(math::exp(-kInfinity), 0.0);
}

TEST(math, pow_over_its_range) {
  double worst = 0, worst_small = 0;
  for (u64 i = 0; i < 300'000; ++i) {
    const double x = i % 2 ? std::exp2(between(-200, 200, i)) : between(0.5, 2, i);
    const double limit = 700 / std::fabs(std::log(x));
    const double y = between(-1, 1, i + 1'000'000) * std::min(limit, 1e6);
    const long double truth = std::pow(static_cast<long double>(x), static_cast<long double>(y));
    if (truth < 1e-300L || truth > 1e300L) continue;
    const double off = ulps(math::pow(x, y), truth);
    worst = std::max(worst, off / (2 + std::fabs(y * std::log(x)) / 12));
    if (std::fabs(y * std::log(x)) < 20) worst_small = std::max(worst_small, off);
  }
  EXPECT_LE(worst, 1.0);  // in units of the promised bound
  EXPECT_LE(worst_small, 3.0);
  std::printf("pow: worst %.3f of its bound; %.3f ulp for |y log x| < 20\n", worst, worst_small);
  EXPECT_EQ(math::pow(5.0, 0.0), 1.0);
  EXPECT_EQ(math::pow(2.0, 10.0), 1024.0);
  EXPECT_EQ(math::pow(2.0, 2000.0), kInfinity);
  EXPECT_EQ(math::pow(2.0, -2000.0), 0.0);
}

TEST(math, normal_cdf_keeps_relative_precision_in_the_lower_tail) {
  double worst = 0;
  for (u64 i = 0; i < 100'000; ++i) {
    const double x = between(-20, 8, i);
    const long double truth = 0.5L * std::erfc(-static_cast<long double>(x) / std::sqrt(2.0L));
    worst = std::max(worst, static_cast<double>(std::fabs(math::normal_cdf(x) - truth) / truth));
  }
  std::printf("normal_cdf: worst relative error %.3g\n", worst);
  EXPECT_LE(worst, 5e-14);
  EXPECT_EQ(math::normal_cdf(0.0), 0.5);
}

}  // namespace test_math
}  // namespace stampede
