// Parameters of a plain queueing station.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class Discipline : u8 {
  kFifo,
  kLifo,
  kPriority,
  kPreemptivePriority,
  kProcessorSharing,
  kAdaptiveLifo  // who came last once the line has not been empty for `lifo_after`, else who came
                 // first
};

struct StationParams {
  u32 servers = 1;
  u32 places = UINT32_MAX;  // jobs in the station, with those in service
  Discipline discipline = Discipline::kFifo;
  double contention = 0;
  Duration lifo_after = 100_ms;  // of adaptive_lifo
  static void describe(Schema<StationParams>& s);
};

}  // namespace stampede
