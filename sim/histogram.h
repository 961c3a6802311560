// A histogram with given upper bounds of its buckets, as programs export it.
#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "sim/units.h"

namespace stampede {

class Histogram {
 public:
  // Ascending; values beyond the last have a bucket of their own. They must outlive it.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void add(double value) {
    const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    ++counts_[static_cast<std::size_t>(at)];
    ++count_;
    sum_ += value;
  }
  std::span<const double> bounds() const { return bounds_; }
  u64 up_to(std::size_t bucket) const {  // all that are not above its bound
    u64 sum = 0;
    for (std::size_t k = 0; k <= bucket; ++k) sum += counts_[k];
    return sum;
  }
  u64 count() const { return count_; }
  double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<u64> counts_;
  u64 count_ = 0;
  double sum_ = 0;
};

}  // namespace stampede
