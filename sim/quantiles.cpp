#include "sim/quantiles.h"

#include <algorithm>

namespace stampede {

void Quantiles::merge(const Quantiles& other) {
  for (u32 i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_low_ += other.sum_low_;
  sum_high_ += other.sum_high_ + (sum_low_ < other.sum_low_);
  minimum_ = std::min(minimum_, other.minimum_);
  maximum_ = std::max(maximum_, other.maximum_);
}

u64 Quantiles::middle(u32 bucket) {
  if (bucket < 2 * kPerOctave) return bucket;  // width 1
  const u32 shift = bucket / kPerOctave - 1;
  const u64 low = static_cast<u64>(bucket - shift * kPerOctave) << shift;
  return low + (u64{1} << shift) / 2;
}

u64 Quantiles::quantile(double q) const {
  if (count_ == 0) return 0;
  if (q <= 0) return minimum_;
  if (q >= 1) return maximum_;
  // Rank from 1: the smallest integer >= q n.
  const double wanted = q * static_cast<double>(count_);
  u64 rank = static_cast<u64>(wanted);
  if (static_cast<double>(rank) < wanted) ++rank;
  rank = std::clamp<u64>(rank, 1, count_);
  u64 seen = 0;
  for (u32 i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::clamp(middle(i), minimum_, maximum_);
  }
  return maximum_;
}

double Quantiles::mean() const {
  if (count_ == 0) return 0;
  return (static_cast<double>(sum_high_) * 0x1p64 + static_cast<double>(sum_low_)) /
         static_cast<double>(count_);
}

}  // namespace stampede
