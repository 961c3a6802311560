// What counts as down and as recovered.
#pragma once
#include "sim/params.h"

namespace stampede {

struct SloParams {
  Share down_below{0.5};
  Share target{0.99};
  Duration recovered_for = 5_min;
  Duration observed_over = 60_s;
  static void describe(Schema<SloParams>& s);
};

}  // namespace stampede
