// How often each of many keys is asked about: Zipf's law.
// **Source** Breslau et al. 1999: the requests of Web caches follow it, with exponents of 0.64 to
// 0.83.
#pragma once
#include <algorithm>
#include <vector>

#include "sim/math.h"
#include "sim/units.h"

namespace stampede {

class Popularity {
 public:
  Popularity(u32 keys, double exponent) {
    double sum = 0;
    up_to_.reserve(keys);
    for (u32 k = 1; k <= keys; ++k)
      up_to_.push_back(sum += math::pow(static_cast<double>(k), -exponent));
  }
  // The key of a uniform: 0 is asked about most.
  u32 rank(double u) const {
    const auto it = std::upper_bound(up_to_.begin(), up_to_.end(), u * up_to_.back());
    return static_cast<u32>(std::min<std::ptrdiff_t>(it - up_to_.begin(), keys() - 1));
  }
  std::ptrdiff_t keys() const { return std::ssize(up_to_); }

 private:
  std::vector<double> up_to_;  // weights of the keys up to each
};

}  // namespace stampede
