// The boundary between whoever disturbs a controller with a queue of work, or brings it round, and
// the controller.
#pragma once
#include "sim/journal.h"
#include "sim/units.h"

namespace stampede {

struct ControllerPort {
  virtual ~ControllerPort() = default;
  // It gets on with nothing until it is resumed, while its work piles up (incidents
  // controller_stalled, controller_resumed). Stalls are counted: each is resumed.
  virtual void stall(IncidentId cause) = 0;
  virtual void resume(IncidentId healed) = 0;
  // No more than so much of what is due comes to its queue a second; the rest waits outside, where
  // no deadline runs (incidents controller_throttled, controller_unthrottled). Of several the
  // tightest holds. Returns what unthrottle() takes.
  virtual u32 throttle(Rate rate, IncidentId cause) = 0;
  virtual void unthrottle(u32 throttle, IncidentId healed) = 0;
  // Its process is started again: its queue is lost, and it looks for all that is due (incident
  // controller_restarted).
  virtual void restart(IncidentId cause) = 0;
};

}  // namespace stampede
