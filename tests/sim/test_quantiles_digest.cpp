// Histogram quantiles against sorted samples, exact means, merging; the digest's sensitivity.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/digest.h"
#include "sim/quantiles.h"
#include "sim/random.h"

namespace stampede {
namespace test_quantiles_digest {

TEST(quantiles, are_within_one_percent_of_the_sorted_sample) {
  const StreamKey key = stream_key(1, "test", "quantiles");
  for (const int bits : {3, 10, 20, 34, 50, 63}) {
    Quantiles q;
    std::vector<u64> all;
    for (u64 i = 0; i < 20000; ++i) {
      const Words w = draw(key, i, static_cast<u32>(bits));
      const auto value = static_cast<u64>(std::exp2(uniform(w) * bits));
      q.add(value);
      all.push_back(value);
    }
    std::sort(all.begin(), all.end());
    for (const double p : {0.001, 0.01, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
      const auto rank = static_cast<std::size_t>(std::ceil(p * 20000.0));
      const auto truth = static_cast<double>(all[rank - 1]);
      EXPECT_LE(std::fabs(static_cast<double>(q.quantile(p)) - truth), 0.01 * truth)
          << bits << " bits, quantile " << p;
    }
    EXPECT_EQ(q.quantile(0), all.front());
    EXPECT_EQ(q.quantile(1), all.back());
    EXPECT_EQ(q.count(), 20000u);
  }
}

TEST(quantiles, every_power_of_two_and_its_neighbours) {
  for (u32 e = 0; e < 64; ++e)
    for (const u64 value : {(u64{1} << e) - 1, u64{1} << e, (u64{1} << e) + 1}) {
      Quantiles q;  // clamping to minimum and maximum would hide the bucket: surround the value
      q.add(0);
      q.add(value);
      q.add(UINT64_MAX);
      const auto got = static_cast<double>(q.quantile(0.5));
      EXPECT_LE(std::fabs(got - static_cast<double>(value)), 0.01 * static_cast<double>(value));
      if (value < 128) {
        EXPECT_EQ(q.quantile(0.5), value);
      }
    }
}

TEST(quantiles, mean_is_exact_beyond_64_bits) {
  Quantiles q;
  EXPECT_EQ(q.mean(), 0.0);
  EXPECT_EQ(q.quantile(0.5), 0u);
  for (int i = 0; i < 4; ++i) q.add(UINT64_MAX);
  EXPECT_EQ(q.mean(), 0x1p64);
  Quantiles small;
  for (u64 i = 1; i <= 1000; ++i) small.add(i);
  EXPECT_EQ(small.mean(), 500.5);
}

TEST(quantiles, merging_equals_adding_to_one) {
  Quantiles a, b, all;
  for (u64 i = 0; i < 5000; ++i) {
    const u64 value = mix64(i) >> (i % 60);
    (i % 3 == 0 ? a : b).add(value);
    all.add(value);
  }
  a.merge(b);
  EXPECT_EQ(a.count(), all.count());
  EXPECT_EQ(a.mean(), all.mean());
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(a.quantile(i / 100.0), all.quantile(i / 100.0));
}

TEST(digest, depends_on_values_order_and_count) {
  const auto of = [](std::initializer_list<u64> values) {
    Digest d;
    for (const u64 v : values) d.add(v);
    return d.hex();
  };
  EXPECT_EQ(of({1, 2, 3}), of({1, 2, 3}));
  EXPECT_NE(of({1, 2, 3}), of({1, 3, 2}));
  EXPECT_NE(of({1, 2}), of({1, 2, 0}));
  EXPECT_NE(of({}), of({0}));
  EXPECT_NE(of({0}), of({0, 0}));
  EXPECT_EQ(of({1}).size(), 16u);
  Digest d;
  EXPECT_EQ(d.hex(), "5354414d50454445");
}

TEST(digest, a_flipped_bit_changes_half_of_the_digest) {
  u64 changed = 0;
  for (u64 bit = 0; bit < 64; ++bit) {
    Digest a, b;
    a.add(12345);
    b.add(12345 ^ (u64{1} << bit));
    changed += static_cast<u64>(std::popcount(a.value() ^ b.value()));
  }
  EXPECT_NEAR(static_cast<double>(changed) / 64, 32.0, 3.0);
}

}  // namespace test_quantiles_digest
}  // namespace stampede
