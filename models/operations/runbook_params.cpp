#include "models/operations/runbook_params.h"

namespace stampede {

void NeedParams::describe(Schema<NeedParams>& s) {
  s.field("path_to", &NeedParams::path_to)
      .help("a region that must be reached from where the operators are");
  s.field("api_server", &NeedParams::api_server)
      .help("a region whose API server must be reached and must not be frozen");
  s.field("service", &NeedParams::service)
      .help("a named service that must answer and be reached, such as the name servers of tools");
}

void AccessParams::describe(Schema<AccessParams>& s) {
  s.field("needs", &AccessParams::needs)
      .not_empty()
      .help("what must be there before the step can act");
  s.field("break_glass", &AccessParams::break_glass)
      .at_least(0)
      .help("after so long without access it acts all the same, by another way; null: never");
}

void ResponderParams::describe(Schema<ResponderParams>& s) {
  s.field("name", &ResponderParams::name).required().not_empty().help("of a person or a team");
  s.field("location", &ResponderParams::location)
      .help("region where they are; left out: where operators are");
  s.field("delay", &ResponderParams::delay)
      .at_least(0)
      .help("time until they answer a page, before the step's own delay");
  s.field("at_once", &ResponderParams::at_once)
      .range(1, 1000)
      .help("steps that they work on at a time; others wait");
}

void StepParams::describe(Schema<StepParams>& s) {
  s.field("name", &StepParams::name).required().not_empty().help("name of the step in results");
  s.field("responder", &StepParams::responder)
      .help("who does it, of `responders`; left out: somebody who is always free");
  s.field("needs", &StepParams::needs).not_empty().help("steps that must be done before");
  s.field("after", &StepParams::after)
      .not_empty()
      .help("steps that come first, if their own condition holds");
  s.field("when", &StepParams::when).help("condition: what monitoring must show");
  s.field("below", &StepParams::below)
      .range(0, 1)
      .help("success_below: share of successes below which the condition holds; left out: 90%");
  s.field("for", &StepParams::sustained).at_least(0).help("how long the condition must have held");
  s.field("delay", &StepParams::delay)
      .at_least(0)
      .help("time from due to the decision: being paged, looking, misreading, deciding");
  s.field("act_delay", &StepParams::act_delay)
      .at_least(0)
      .help("time from the decision to the act: logging in, reviewing, typing");
  s.field("access", &StepParams::access).help("what it needs to act");
  s.field("repeat", &StepParams::repeat)
      .at_least(1)
      .help("it acts again so long after its last act was over, until it is settled; null: once");
  s.field("until", &StepParams::until)
      .folded()
      .help("condition, as `when`, that settles it; null: with `repeat`, that `when` is over");
  s.field("give_up_after", &StepParams::give_up_after)
      .at_least(1)
      .help("so long after the decision it is given up if it is not settled; null: never");
  s.field("action", &StepParams::action).required().inlined().help("what is done then");
}

void OperationsParams::describe(Schema<OperationsParams>& s) {
  s.field("location", &OperationsParams::location)
      .help("region where operators are; left out: outside of all of them");
  s.field("monitoring", &OperationsParams::monitoring).help("how the signals come about");
  s.field("responders", &OperationsParams::responders)
      .help("people or teams, each with its own delay");
  s.field("steps", &OperationsParams::steps).help("what operators notice, decide and do");
}

}  // namespace stampede
