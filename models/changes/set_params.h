// Another value for a parameter of the running fleet, at once or in stages.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/changes/target_params.h"
#include "models/ports/action_params.h"

namespace stampede {

struct SetStageParams {
  Duration after{};
  std::string value;
  static void describe(Schema<SetStageParams>& s);
};

struct SetParams {
  RegionTarget target;
  std::string path, value;
  Duration over{};
  std::optional<i32> steps;
  std::vector<SetStageParams> stages;
  static void describe(Schema<SetParams>& s);
};

// Of an action that is a `set`; else null.
SetParams* set_params(const ActionSelection& action);

// One change of the value: `part` of the way from what was in force to `value`.
struct SetStage {
  Duration after{};
  std::string value;
  double part = 1;
};
// In order of time; the first is the beginning unless the stages are listed and begin later.
std::vector<SetStage> stages_of(const SetParams& params);

}  // namespace stampede
