// The boundary between whoever harms the regions' wall clocks and those who put them on what they
// write.
#pragma once
#include "models/ports/request.h"

namespace stampede {

struct ClockError {
  Duration offset{};          // at once; signed
  Duration drift_per_hour{};  // beside it, in each hour; signed
};

struct ClockControlPort {
  virtual ~ClockControlPort() = default;
  // Beside what other faults do to it (incident clock_skewed). Returns what mend_clock() takes.
  virtual u32 skew_clock(RegionId region, const ClockError& error, IncidentId cause) = 0;
  // It is set right, as far as this fault is concerned (incident clock_mended).
  virtual void mend_clock(RegionId region, u32 fault, IncidentId healed) = 0;
};

}  // namespace stampede
