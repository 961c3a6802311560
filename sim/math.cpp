#include "sim/math.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace stampede::math {
namespace {

constexpr double kLn2Hi = 6.93147180369123816490e-01;  // high bits: k * kLn2Hi is exact
constexpr double kLn2Lo = 1.90821492927058770002e-10;

double scale_by_power_of_two(double x, int k) {  // exact; |k| <= 1023 in one step
  return x * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

}  // namespace

// log(x) = k ln2 + 2 atanh(s), s = (m-1)/(m+1), m in [sqrt(1/2), sqrt(2)); odd series in s.
double log(double x) {
  if (!(x > 0)) return x == 0 ? -std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
  int k = 0;
  if (x < 2.2250738585072014e-308) {  // subnormal: scale up exactly
    x *= 18014398509481984.0;         // 2^54
    k -= 54;
  }
  std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  if ((bits >> 52) == 0x7ff) return x;
  k += static_cast<int>(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
  double m = std::bit_cast<double>(bits);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++k;
  }
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double p = 1.0 / 23;
  p = p * z + 1.0 / 21;
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  const double r = z * p;  // 2 atanh(s) = 2s + 2s*r; and 2s = f - s f exactly enough
  const double dk = k;
  return dk * kLn2Hi + (f - (s * (f - 2.0 * r) - dk * kLn2Lo));
}

// exp(x) = 2^k exp(r), |r| <= ln2/2; Taylor to degree 13.
double exp(double x) {
  if (x != x) return x;
  if (x > 709.782712893384) return std::numeric_limits<double>::infinity();
  if (x < -745.2) return 0.0;
  const double kd = x * 1.4426950408889634;
  const int k = static_cast<int>(kd < 0 ? kd - 0.5 : kd + 0.5);
  const double r = (x - k * kLn2Hi) - k * kLn2Lo;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  const double e = 1.0 + (r + r * r * p);
  if (k > 1022) return scale_by_power_of_two(scale_by_power_of_two(e, 1022), k - 1022);
  if (k < -1021) return scale_by_power_of_two(scale_by_power_of_two(e, -1021), k + 1021);
  return scale_by_power_of_two(e, k);
}

double pow(double x, double y) {
  if (y == 0.0 || x == 1.0) return 1.0;
  return exp(y * log(x));
}

// Complementary error function by its continued fraction (large |x|) or the series (small |x|).
double normal_cdf(double x) {
  const double t = x < 0 ? -x : x;
  const double density = 0.3989422804014327 * exp(-0.5 * t * t);
  double tail;
  if (t < 3.5) {
    double term = t, sum = t;
    for (int n = 1; n < 200 && term > 1e-18 * sum; ++n) {
      term *= t * t / (2 * n + 1);
      sum += term;
    }
    tail = 0.5 - density * sum;
  } else {
    double f = t;
    for (int n = 60; n >= 1; --n) f = t + n / f;
    tail = density / f;
  }
  return x < 0 ? tail : 1.0 - tail;
}

}  // namespace stampede::math
