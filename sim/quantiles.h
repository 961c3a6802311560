// A mergeable histogram of unsigned integers (nanoseconds, tokens, bytes) in logarithmic buckets:
// quantiles within 1 % relative error, exact count, mean, minimum and maximum, 30 KiB of memory.
// Source: the bucket scheme of HDR histograms, 64 equal buckets an octave; values below 64 exact.
#pragma once
#include <array>
#include <bit>

#include "sim/units.h"

namespace stampede {

class Quantiles {
 public:
  void add(u64 value) {
    ++counts_[bucket(value)];
    ++count_;
    sum_low_ += value;
    sum_high_ += sum_low_ < value;
    if (value < minimum_) minimum_ = value;
    if (value > maximum_) maximum_ = value;
  }
  void merge(const Quantiles& other);

  // The smallest recorded value that is not exceeded by a share q in [0,1] of all, within 1/128
  // relative error; 0 when nothing was recorded. q = 0 and q = 1 give minimum and maximum exactly.
  u64 quantile(double q) const;
  double mean() const;  // of the exact sum; 0 when nothing was recorded
  u64 count() const { return count_; }
  u64 minimum() const { return count_ == 0 ? 0 : minimum_; }
  u64 maximum() const { return maximum_; }

 private:
  static constexpr u32 kBits = 6, kPerOctave = 1U << kBits;
  static constexpr u32 kBuckets = (64 - kBits + 1) * kPerOctave;

  // Exponent and the six bits below the leading one; octave 0 holds the values below 64 themselves.
  static u32 bucket(u64 value) {
    if (value < kPerOctave) return static_cast<u32>(value);
    const auto shift = static_cast<u32>(std::bit_width(value)) - kBits - 1;
    return shift * kPerOctave + static_cast<u32>(value >> shift);
  }
  static u64 middle(u32 bucket);

  std::array<u64, kBuckets> counts_{};
  u64 count_ = 0;
  u64 sum_low_ = 0, sum_high_ = 0;  // 128 bits
  u64 minimum_ = UINT64_MAX, maximum_ = 0;
};

}  // namespace stampede
