#include "models/operations/runbook_params.h"

namespace stampede {

void StepParams::describe(Schema<StepParams>& s) {
  s.field("name", &StepParams::name).required().help("name of the step in results");
  s.field("needs", &StepParams::needs).help("steps that must be done before");
  s.field("after", &StepParams::after).help("steps that come first, if their own condition holds");
  s.field("when", &StepParams::when).help("condition: what monitoring must show");
  s.field("below", &StepParams::below)
      .range(0, 1)
      .help("success_below: share of successes below which the condition holds");
  s.field("for", &StepParams::sustained).at_least(0).help("how long the condition must have held");
  s.field("delay", &StepParams::delay)
      .at_least(0)
      .help("time from due to acting: being paged, looking, misreading, deciding, typing");
  s.field("action", &StepParams::action).required().inlined().help("what is done then");
}

}  // namespace stampede
