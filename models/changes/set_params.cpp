#include "models/changes/set_params.h"

namespace stampede {

void SetStageParams::describe(Schema<SetStageParams>& s) {
  s.field("after", &SetStageParams::after)
      .required()
      .at_least(0)
      .help("when, counted from the beginning of the change");
  s.field("value", &SetStageParams::value).required().help("what it is from then on");
}

void SetParams::describe(Schema<SetParams>& s) {
  s.field("target", &SetParams::target).help("in which region, of what each region has for itself");
  s.field("path", &SetParams::path)
      .required()
      .not_empty()
      .help(
          "which parameter, such as spec.gateway.max_queue; `stampede describe` shows which are "
          "live");
  s.field("value", &SetParams::value).help("its new value, written as in the scenario");
  s.field("over", &SetParams::over)
      .at_least(0)
      .help("time over which a number goes there in `steps` equal steps; 0: at once");
  s.field("steps", &SetParams::steps)
      .range(2, 1000)
      .help("with `over`: the first step is made at once, the last at its end; left out: 10");
  s.field("stages", &SetParams::stages)
      .not_empty()
      .help("instead of one value: several, each at its time");
}

std::vector<SetStage> stages_of(const SetParams& p) {
  std::vector<SetStage> stages;
  for (const SetStageParams& s : p.stages) stages.push_back({s.after, s.value});
  if (!stages.empty()) return stages;
  if (p.over.ns == 0) return {{{}, p.value}};
  constexpr i32 kSteps = 10;
  const i32 steps = p.steps.value_or(kSteps), gaps = steps - 1;
  for (i32 k = 0; k < steps; ++k)
    stages.push_back({Duration{p.over.ns / gaps * k + p.over.ns % gaps * k / gaps}, p.value,
                      k + 1 == steps ? 1 : (k + 1.0) / steps});
  return stages;
}

}  // namespace stampede
