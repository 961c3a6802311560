// Lengths in tokens by inverse transform from a table, so that a draw costs one interpolation.
#pragma once
#include <vector>

#include "models/clients/length_params.h"
#include "sim/units.h"

namespace stampede {

class LengthTable {
 public:
  explicit LengthTable(const LengthParams& params);
  // Length of the quantile `u` in (0,1) [tokens].
  u32 at(double u) const {
    const double x = u * kCells;
    const auto i = static_cast<std::size_t>(x);
    const double f = x - static_cast<double>(i);
    const double v = values_[i] + (values_[i + 1] - values_[i]) * f;
    return static_cast<u32>(v + 0.5);
  }
  double mean() const;  // of the tabulated distribution

 private:
  static constexpr int kCells = 4096;
  std::vector<double> values_;
};

}  // namespace stampede
