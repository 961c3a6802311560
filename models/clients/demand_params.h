// Parameters of demand: a rate, its curve over the day, stages and spikes.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class DailyCurve : u8 { kFlat, kDeepseek2025 };

struct DemandStage {
  Duration during = 1_min;
  double factor = 1;
  static void describe(Schema<DemandStage>& s);
};

struct DemandSpike {
  Duration at{};
  Duration during = 10_min;
  double factor = 2;
  static void describe(Schema<DemandSpike>& s);
};

struct DemandParams {
  Rate rate{100};
  DailyCurve curve = DailyCurve::kFlat;
  UtcTime reference_time{};
  double weekend_factor = 1;
  std::vector<DemandStage> stages;
  std::vector<DemandSpike> spikes;
  static void describe(Schema<DemandParams>& s);
};

}  // namespace stampede
