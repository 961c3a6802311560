#include "models/clients/lengths.h"

#include <algorithm>

#include "sim/random.h"

namespace stampede {

LengthTable::LengthTable(const LengthParams& params) {
  values_.reserve(kCells + 1);
  for (int i = 0; i <= kCells; ++i) {
    // The outermost knots stand for the middle of the half cell beyond them.
    const double u = i == 0 ? 0.25 / kCells : i == kCells ? 1 - 0.25 / kCells : i * (1.0 / kCells);
    const double v = lognormal(u, params.mean, params.cv);
    values_.push_back(
        std::clamp(v, static_cast<double>(params.minimum), static_cast<double>(params.maximum)));
  }
}

double LengthTable::mean() const {
  double sum = 0;
  for (int i = 0; i < kCells; ++i) {
    const auto k = static_cast<std::size_t>(i);
    sum += 0.5 * (values_[k] + values_[k + 1]);
  }
  return sum / kCells;
}

}  // namespace stampede
