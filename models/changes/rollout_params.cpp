#include "models/changes/rollout_params.h"

namespace stampede {

void RollOutStageParams::describe(Schema<RollOutStageParams>& s) {
  s.field("target", &RollOutStageParams::target).help("only in these regions");
  s.field("share", &RollOutStageParams::share)
      .range(0, 1)
      .help("share of the pods that have the version from then on, earlier stages included");
  s.field("soak", &RollOutStageParams::soak)
      .at_least(0)
      .help("how long the next stage waits, while the gate looks on");
}

void TakeUpParams::describe(Schema<TakeUpParams>& s) {
  s.field("propagation", &TakeUpParams::propagation)
      .at_least(0)
      .help("without stages: time within which it reaches all; 0: at once");
  s.field("max_unavailable", &TakeUpParams::max_unavailable)
      .at_least(0)
      .scales()
      .help("binary: of each region's pods so many at once are not ready at most; 0: all together");
  s.field("jitter", &TakeUpParams::jitter)
      .at_least(0)
      .help("binary: each pod waits for a time of its own up to this before it is restarted");
}

void RollOutParams::describe(Schema<RollOutParams>& s) {
  s.base<TakeUpParams>();
  s.field("target", &RollOutParams::target).help("to which pools");
  s.field("version", &RollOutParams::version).required().help("which of spec.versions");
  s.field("over", &RollOutParams::over)
      .at_least(0)
      .help("time from the first to the last of `steps` equal stages; 0: no such stages");
  s.field("steps", &RollOutParams::steps).range(2, 1000).help("with `over`: number of stages");
  s.field("stages", &RollOutParams::stages).help("stages one by one, each with its soak");
  s.field("gate", &RollOutParams::gate)
      .help(
          "a condition, as operators have them in `when`: while the roll-out goes on and it holds, "
          "the version is rolled back; null: nobody looks");
}

namespace {
template <class P>
void say_which(Schema<P>& s) {
  s.field("name", &P::name).help("which roll-out");
  s.field("version", &P::version).help("instead of the roll-out's name: the version that is out");
}
}  // namespace

void RollBackParams::describe(Schema<RollBackParams>& s) {
  s.base<TakeUpParams>();
  s.field("target", &RollBackParams::target)
      .help("only in these regions: the others keep it until they are rolled back too");
  say_which(s);
}

void DisableParams::describe(Schema<DisableParams>& s) {
  say_which(s);
  s.field("propagation", &DisableParams::propagation)
      .at_least(0)
      .help("time within which all processes hear of it; 0: at once");
}

RollOutPlan plan_of(const RollOutParams& p) {
  RollOutPlan plan;
  Duration at{};
  for (const RollOutStageParams& stage : p.stages) {
    plan.steps.push_back({at, stage.share.value, stage.target});
    at = at + stage.soak;
  }
  plan.done_after = at;
  if (!p.stages.empty()) return plan;
  const bool staged = p.over.ns > 0;
  const Duration whole = staged ? p.over : p.propagation;
  const i64 steps = staged ? p.steps : whole.ns > 0 ? kPropagationSteps : 1;
  for (i64 k = 0; k < steps; ++k) {
    // Stages begin at once; what spreads by itself has reached nobody yet.
    const double of = staged ? static_cast<double>(k) / static_cast<double>(steps - 1)
                             : static_cast<double>(k + 1) / static_cast<double>(steps);
    const Duration after = steps == 1 ? Duration{} : from_seconds(whole.seconds() * of);
    plan.steps.push_back({after, static_cast<double>(k + 1) / static_cast<double>(steps), {}});
  }
  plan.done_after = whole;
  return plan;
}

}  // namespace stampede
