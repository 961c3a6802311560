#include "models/operations/runbook_params.h"

namespace stampede {

void StepParams::describe(Schema<StepParams>& s) {
  s.field("name", &StepParams::name).required().help("name of the step in results");
  s.field("needs", &StepParams::needs).help("steps that must have been done");
  s.field("after", &StepParams::after)
      .help("steps that come first if what they watch shows at all");
  s.field("when", &StepParams::when).help("what monitoring must show");
  s.field("below", &StepParams::below)
      .range(0, 1)
      .help("for success_below: share of requests that end well");
  s.field("for", &StepParams::sustained).at_least(0).help("how long it must have shown so");
  s.field("delay", &StepParams::delay)
      .at_least(0)
      .help("from due to acting: being paged, looking, misreading, deciding, typing");
  s.field("action", &StepParams::action).required().inlined().help("what is then done");
}

void TimelineParams::describe(Schema<TimelineParams>& s) {
  s.field("at", &TimelineParams::at).required().at_least(0).help("when, from the run's start");
  s.field("action", &TimelineParams::action).required().inlined().help("what happens");
}

}  // namespace stampede
