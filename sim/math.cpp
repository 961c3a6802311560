#include "sim/math.h"

#include <array>
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

// x = 2^k m with m in [sqrt(1/2), sqrt(2)): by integer arithmetic, as a branch on random bits would
// be mispredicted half of the time.
constexpr std::int64_t kRootHalf = 0x3fe6a09e667f3bcd;  // bits of sqrt(1/2)
struct Split {
  double m, k;
};
Split split(double x) {
  std::int64_t k = 0;
  if (x < std::numeric_limits<double>::min()) [[unlikely]] {  // subnormal: scale up exactly
    x *= 0x1p54;
    k = -54;
  }
  const auto bits = std::bit_cast<std::int64_t>(x);
  const std::int64_t e = (bits - kRootHalf) >> 52;
  return {std::bit_cast<double>(bits - (e << 52)), static_cast<double>(k + e)};
}

// -log(j/256) in units of 2^-90, by 2 atanh((256-j)/(256+j)) in integers.
constexpr __int128 minus_log_fixed(int j) {
  const int numerator = 256 - j, denominator = 256 + j;
  __int128 power = ((__int128{1} << 91) * numerator) / denominator, sum = 0;
  for (int n = 1; power != 0; n += 2) {
    sum += power / n;
    power = power * (numerator * numerator) / (denominator * denominator);
  }
  return sum;
}

struct LogEntry {
  double c, high, low;  // high + low = -log(c); high is a multiple of 2^-42
};
constexpr auto kLogTable = [] {
  std::array<LogEntry, 128> table{};
  for (std::int64_t i = 0; i < 128; ++i) {
    const double middle = std::bit_cast<double>(kRootHalf + (i << 45) + (std::int64_t{1} << 44));
    // The two intervals that touch 1 take c = 1, so that log keeps its relative precision there.
    const int j = i == 74 || i == 75 ? 256 : static_cast<int>(256.0 / middle + 0.5);
    const __int128 value = minus_log_fixed(j);
    const auto high = static_cast<std::int64_t>(value / (__int128{1} << 48));
    const auto low = static_cast<std::int64_t>(value - __int128{high} * (__int128{1} << 48));
    table[static_cast<std::size_t>(i)] = {j / 256.0, static_cast<double>(high) * 0x1p-42,
                                          static_cast<double>(low) * 0x1p-90};
  }
  return table;
}();

// 2 atanh(s) = 2s + 2s r(s^2), the odd series to s^23; |s| <= 0.1716. Evaluated in pairs so that
// the multiplications overlap.
double atanh_rest(double z) {
  const double z2 = z * z, z4 = z2 * z2, z8 = z4 * z4;
  const double low = (1.0 / 3 + z * (1.0 / 5)) + z2 * (1.0 / 7 + z * (1.0 / 9));
  const double middle = (1.0 / 11 + z * (1.0 / 13)) + z2 * (1.0 / 15 + z * (1.0 / 17));
  const double high = (1.0 / 19 + z * (1.0 / 21)) + z2 * (1.0 / 23);
  return z * (low + z4 * middle + z8 * high);
}

}  // namespace

// log(x) = k ln2 - log(c) + log(1 + f), 1 + f = m c with c = j/256 from a table over 128 intervals
// of m, so that |f| < 2^-7 and no division is needed.
double log(double x) {
  if (!(x > 0 && x <= std::numeric_limits<double>::max())) [[unlikely]] {
    if (x == 0) return -std::numeric_limits<double>::infinity();
    return x > 0 ? x : std::numeric_limits<double>::quiet_NaN();
  }
  const auto [m, k] = split(x);
  const auto bits = std::bit_cast<std::int64_t>(m);
  const LogEntry& entry = kLogTable[static_cast<std::size_t>((bits - kRootHalf) >> 45)];
  const double m_high = std::bit_cast<double>(bits & ~std::int64_t{0xfff});
  const double f = (m_high * entry.c - 1.0) + (m - m_high) * entry.c;  // products are exact
  const double f2 = f * f, f4 = f2 * f2;
  const double p = (-1.0 / 2 + f * (1.0 / 3)) + f2 * (-1.0 / 4 + f * (1.0 / 5)) +
                   f4 * ((-1.0 / 6 + f * (1.0 / 7)) + f2 * (-1.0 / 8));
  const double high = k * kLn2Hi + entry.high;  // exact
  const double sum = high + f;
  return sum + ((f - (sum - high)) + (k * kLn2Lo + entry.low) + f2 * p);
}

// exp(x) = 2^k exp(r), |r| <= ln2/2; Taylor to degree 13.
double exp(double x) {
  if (x != x) return x;
  if (x > 709.782712893384) return std::numeric_limits<double>::infinity();
  if (x < -745.2) return 0.0;
  const double kd = (x * 1.4426950408889634 + 0x1.8p52) - 0x1.8p52;  // rounds to an integer
  const int k = static_cast<int>(kd);
  const double r = (x - kd * kLn2Hi) - kd * kLn2Lo;
  const double r2 = r * r, r4 = r2 * r2;
  const double a = (0.5 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  const double b = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  const double c =
      (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800.0));
  const double e = 1.0 + (r + r2 * (a + r4 * (b + r4 * c)));
  if (k > 1022) return scale_by_power_of_two(scale_by_power_of_two(e, 1022), k - 1022);
  if (k < -1021) return scale_by_power_of_two(scale_by_power_of_two(e, -1021), k + 1021);
  return scale_by_power_of_two(e, k);
}

namespace {

// A sum of two doubles, the second below the last bit of the first.
struct Pair {
  double high, low;
};
Pair exact_sum(double a, double b) {  // |a| >= |b|, or a == 0
  const double sum = a + b;
  return {sum, b - (sum - a)};
}
Pair exact_product(double a, double b) {  // Dekker: no overflow for |a|, |b| below 2^500
  constexpr double kSplitter = 0x1p27 + 1;
  const double ca = kSplitter * a, cb = kSplitter * b;
  const double ah = ca - (ca - a), bh = cb - (cb - b);
  const double al = a - ah, bl = b - bh;
  const double p = a * b;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

Pair extended_log(double x) {  // x positive and finite; absolute error near 1 below 2^-58
  const auto [m, k] = split(x);
  const double f = m - 1.0, g = 1.0 + m;
  const double g_low = m - (g - 1.0);
  const double s = f / g;
  const Pair sg = exact_product(s, g);
  const double s_low = (((f - sg.high) - sg.low) - s * g_low) / g;
  const double z = s * s;
  const double rest = 2.0 * s_low * (1.0 + z) + 2.0 * s * atanh_rest(z);
  const Pair main = exact_sum(k * kLn2Hi, 2.0 * s);
  return exact_sum(main.high, main.low + (k * kLn2Lo + rest));
}

}  // namespace

// exp(y log x) with the logarithm in two doubles: the error of y log x would appear magnified.
double pow(double x, double y) {
  if (y == 0.0 || x == 1.0) return 1.0;
  const double rough = y * log(x);
  if (!(rough < 710.0 && rough > -746.0) || !(y < 0x1p500 && y > -0x1p500)) return exp(rough);
  const Pair l = extended_log(x);
  const Pair product = exact_product(y, l.high);
  const double e = exp(product.high);
  return e + e * (product.low + y * l.low);
}

// The density times a series (small |x|) or a continued fraction of the tail (large |x|), so that
// the lower tail keeps its relative precision.
double normal_cdf(double x) {
  const double t = x < 0 ? -x : x;
  const double density = 0.3989422804014327 * exp(-0.5 * t * t);
  double tail;
  if (t < 2.2) {
    double term = t, sum = t;
    for (int n = 1; n < 200 && term > 1e-18 * sum; ++n) {
      term *= t * t / (2 * n + 1);
      sum += term;
    }
    tail = 0.5 - density * sum;
  } else {
    double f = t;
    for (int n = 100; n >= 1; --n) f = t + n / f;
    tail = density / f;
  }
  return x < 0 ? tail : 1.0 - tail;
}

}  // namespace stampede::math
