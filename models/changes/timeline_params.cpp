#include "models/changes/timeline_params.h"

namespace stampede {

void TimelineParams::describe(Schema<TimelineParams>& s) {
  s.field("at", &TimelineParams::at)
      .required()
      .at_least(0)
      .help("when, counted from the start of the run");
  s.field("action", &TimelineParams::action).required().inlined().help("what happens");
}

}  // namespace stampede
