// How a version goes out to the fleet, and how it is taken back.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/changes/target_params.h"
#include "models/ports/action_params.h"
#include "models/ports/condition_params.h"

namespace stampede {

struct RollOutStageParams {
  RegionTarget target;
  Share share{1};
  Duration soak{};
  static void describe(Schema<RollOutStageParams>& s);
};

// How processes take up another version.
struct TakeUpParams {
  Duration propagation{}, jitter{};
  i32 max_unavailable = 0;
  static void describe(Schema<TakeUpParams>& s);
};

struct RollOutParams : TakeUpParams {
  PoolTarget target;
  std::string version;
  Duration over{};
  i32 steps = 4;
  std::vector<RollOutStageParams> stages;
  std::optional<ConditionParams> gate;
  static void describe(Schema<RollOutParams>& s);
};

// Which roll-out is taken back: by its name or by its version.
struct RollBackParams : TakeUpParams {
  RegionTarget target;
  std::string name, version;
  static void describe(Schema<RollBackParams>& s);
};

struct DisableParams {
  std::string name, version;
  Duration propagation{};
  static void describe(Schema<DisableParams>& s);
};

// Of an action that is a `roll_out`; else null.
RollOutParams* roll_out_params(const ActionSelection& action);

// One step of a roll-out: so long after it began, this share of each pool has the version.
struct RollOutStep {
  Duration after{};
  double share = 1;
  RegionTarget where{};
};
struct RollOutPlan {
  std::vector<RollOutStep> steps;  // in order of time
  Duration done_after{};           // the soak of the last one included
};
RollOutPlan plan_of(const RollOutParams& params);

// Shares on the way to everywhere, or back, within a propagation delay.
inline constexpr i64 kPropagationSteps = 10;

}  // namespace stampede
