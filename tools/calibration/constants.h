// The constants of a step's time from measured times per token.
#pragma once
#include <vector>

#include "tools/calibration/roofline.h"

namespace stampede::calibration {

struct MeasuredTerms {
  Terms terms{};        // that add up to the time
  double measured = 0;  // [s]
};

struct ConstantsFit {
  Terms constants{};
  int rounds = 0;
};

// Least absolute relative errors with no constant below least_constants(). Throws
// std::runtime_error if no round within 200 moves every constant by at most 0.1 %.
ConstantsFit fit_constants(const std::vector<MeasuredTerms>& rows);

}  // namespace stampede::calibration
