// Philox against the known answers of Random123; uniforms, samplers and sequences.
#include <gtest/gtest.h>

#include <Random123/philox.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <vector>

#include "sim/math.h"
#include "sim/random.h"

namespace stampede {
namespace test_random {

Words philox(u32 c0, u32 c1, u32 c2, u32 c3, u32 k0, u32 k1) {
  return draw({k0, k1}, u64{c1} << 32 | c0, c2, c3);
}

TEST(philox, known_answers) {  // Random123, examples/kat_vectors
  EXPECT_EQ(philox(0, 0, 0, 0, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const u32 f = 0xffffffff;
  EXPECT_EQ(philox(f, f, f, f, f, f), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(philox, equals_the_library) {
  for (u64 i = 0; i < 10'000; ++i) {
    const u64 a = mix64(i), b = mix64(a), c = mix64(b);
    const philox4x32_ctr_t counter{{static_cast<u32>(a), static_cast<u32>(a >> 32),
                                    static_cast<u32>(b), static_cast<u32>(b >> 32)}};
    const philox4x32_key_t key{{static_cast<u32>(c), static_cast<u32>(c >> 32)}};
    const philox4x32_ctr_t r = philox4x32(counter, key);
    ASSERT_EQ(draw({key.v[0], key.v[1]}, a, counter.v[2], counter.v[3]),
              (Words{r.v[0], r.v[1], r.v[2], r.v[3]}));
  }
}

TEST(streams, keys_depend_on_seed_path_and_purpose) {
  const auto number = [](StreamKey k) { return u64{k.hi} << 32 | k.lo; };
  EXPECT_EQ(number(stream_key(1, "a", "b")), number(stream_key(1, "a", "b")));
  EXPECT_NE(number(stream_key(1, "a", "b")), number(stream_key(2, "a", "b")));
  EXPECT_NE(number(stream_key(1, "ab", "c")), number(stream_key(1, "a", "bc")));
  EXPECT_NE(number(stream_key(1, "a", "b")), number(stream_key(1, "b", "a")));
}

TEST(uniform_numbers, are_never_zero_or_one) {
  EXPECT_EQ(uniform(0, 0), 0x1p-53);
  EXPECT_EQ(uniform(0xffffffff, 0xffffffff), 1.0 - 0x1p-53);
  EXPECT_LT(uniform(0xffffffff, 0xffffffff), 1.0);
  EXPECT_LT(uniform(0x7fffffff, 0xffffffff), 0.5);
  EXPECT_GT(uniform(0x80000000, 0), 0.5);
}

// Kolmogorov-Smirnov: sqrt(n) D exceeds 1.95 with probability 0.001 under the hypothesis.
double kolmogorov_smirnov(std::vector<double> sample, const std::function<double(double)>& cdf) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double worst = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double f = cdf(sample[i]), rank = static_cast<double>(i);
    worst = std::max({worst, f - rank / n, (rank + 1) / n - f});
  }
  return worst * std::sqrt(n);
}
constexpr u64 kSample = 200'000;
constexpr double kCritical = 1.95;

std::vector<double> sample(const char* purpose, const std::function<double(double)>& f) {
  const StreamKey key = stream_key(11, "test", purpose);
  std::vector<double> all;
  for (u64 i = 0; i < kSample / 2; ++i) {
    const Words w = draw(key, i);
    all.push_back(f(uniform(w)));
    all.push_back(f(uniform2(w)));
  }
  return all;
}
double mean(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}
double deviation(const std::vector<double>& v) {
  const double m = mean(v);
  double sum = 0;
  for (const double x : v) sum += (x - m) * (x - m);
  return std::sqrt(sum / static_cast<double>(v.size()));
}

TEST(samplers, uniform_follows_its_distribution) {
  EXPECT_LT(kolmogorov_smirnov(sample("u", [](double u) { return u; }), [](double x) { return x; }),
            kCritical);
}

TEST(samplers, exponential_follows_its_distribution) {
  const auto all = sample("e", exponential);
  EXPECT_LT(kolmogorov_smirnov(all, [](double x) { return 1 - std::exp(-x); }), kCritical);
  EXPECT_NEAR(mean(all), 1.0, 4 / std::sqrt(kSample));
  EXPECT_NEAR(deviation(all), 1.0, 4 * std::sqrt(2.0 / kSample));
}

TEST(samplers, normal_follows_its_distribution) {
  const auto all = sample("n", standard_normal);
  EXPECT_LT(kolmogorov_smirnov(all, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }),
            kCritical);
  EXPECT_NEAR(mean(all), 0.0, 4 / std::sqrt(kSample));
  EXPECT_NEAR(deviation(all), 1.0, 4 / std::sqrt(2.0 * kSample));
}

TEST(samplers, normal_inverts_its_distribution_function) {
  for (const double u : {0x1p-53, 1e-12, 1e-6, 0.01, 0.075, 0.3, 0.5, 0.7, 0.925, 0.99, 1 - 1e-6}) {
    const double back = math::normal_cdf(standard_normal(u));
    EXPECT_NEAR(back / u, 1.0, 2e-13) << u;
  }
}

TEST(samplers, lognormal_has_the_mean_and_variation_asked_for) {
  for (const double cv : {0.3, 1.0}) {
    const double variance = std::log(1 + cv * cv), mu = std::log(50.0) - variance / 2;
    const auto all = sample("l", [cv](double u) { return lognormal(u, 50.0, cv); });
    EXPECT_LT(kolmogorov_smirnov(all,
                                 [&](double x) {
                                   return 0.5 *
                                          std::erfc(-(std::log(x) - mu) / std::sqrt(2 * variance));
                                 }),
              kCritical);
    EXPECT_NEAR(mean(all), 50.0, 4 * 50.0 * cv / std::sqrt(kSample));
  }
  EXPECT_EQ(lognormal(0.3, 7.0, 0.0), 7.0);
}

TEST(sequence, nth_value_depends_on_the_key_only) {
  Sequence a(stream_key(1, "x", "y")), b(stream_key(1, "x", "y"));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

// A change of any sampler's bits changes every run; this fails so that it happens knowingly.
TEST(samplers, bits_are_the_agreed_ones) {
  u64 h = 0;
  for (u64 i = 0; i < 1000; ++i) {
    const Words w = draw({1, 2}, i);
    for (const double v : {uniform(w), exponential(uniform(w)), standard_normal(uniform(w)),
                           lognormal(uniform2(w), 3.0, 2.0), math::pow(uniform(w), 1.7)})
      h = mix64(h ^ std::bit_cast<u64>(v));
  }
  EXPECT_EQ(h, 887617944088093451u);
}

}  // namespace test_random
}  // namespace stampede
