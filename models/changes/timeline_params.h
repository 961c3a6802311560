// What happens whatever the service does, and when.
#pragma once
#include "models/ports/action_params.h"

namespace stampede {

struct TimelineParams {
  Duration at{};
  ActionSelection action;
  static void describe(Schema<TimelineParams>& s);
};

}  // namespace stampede
