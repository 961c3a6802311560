// Parameters of a length in tokens.
#pragma once
#include "sim/params.h"

namespace stampede {

// A lognormal length: mean and coefficient of variation of the untruncated distribution, cut to
// [minimum, maximum].
struct LengthParams {
  double mean = 500;
  double cv = 1;
  i64 minimum = 1;
  i64 maximum = 65536;
  static void describe(Schema<LengthParams>& s);
};

}  // namespace stampede
