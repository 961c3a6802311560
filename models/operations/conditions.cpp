#include "models/ports/condition_params.h"

namespace stampede {

bool TermParams::says_nothing() const { return !condition && signal.empty(); }

void TermParams::describe(Schema<TermParams>& s) {
  s.shorthand("condition");
  s.field("condition", &TermParams::condition)
      .help("a condition by its name; `when: breaker_open` says the same");
  s.field("signal", &TermParams::signal)
      .help("what monitoring publishes: a statistic, as `stampede list stats` names it");
  s.field("region", &TermParams::region)
      .help("signal: of which region; left out: of each that publishes it");
  s.field("component", &TermParams::component)
      .help(
          "signal: of which component, as in series.csv; within a region its name may be left out");
  s.field("over_regions", &TermParams::over_regions)
      .help("signal: which of the regions must show it, or what their values make together");
  s.field("divided_by", &TermParams::divided_by)
      .help("signal: a second one; the condition reads the first as a multiple of it");
  s.field("rate_over", &TermParams::rate_over)
      .at_least(0)
      .help("signal: its increase a second over this time instead of its value");
  s.field("above", &TermParams::above).help("signal: holds above this, in the signal's unit");
  s.field("below", &TermParams::below)
      .help("signal: holds below this; success_below: below this share");
  s.field("counts", &TermParams::counts)
      .help("signal: whether the bound counts things and is multiplied by spec.scale");
  s.field("absent", &TermParams::absent)
      .help("signal: whether the condition holds while monitoring shows no value");
  s.field("for", &TermParams::sustained).at_least(0).help("how long it must have held");
}

void GroupParams::describe(Schema<GroupParams>& s) {
  s.base<TermParams>();
  s.field("and", &GroupParams::both).folded().not_empty().help("conditions that must all hold");
  s.field("or", &GroupParams::either)
      .folded()
      .not_empty()
      .help("conditions of which one must hold");
}

void ConditionParams::describe(Schema<ConditionParams>& s) {
  s.base<TermParams>();
  s.field("and", &ConditionParams::both)
      .folded()
      .not_empty()
      .help("conditions that must all hold; each can hold an `or` of its own");
  s.field("or", &ConditionParams::either)
      .folded()
      .not_empty()
      .help("conditions of which one must hold; each can hold an `and` of its own");
}

}  // namespace stampede
