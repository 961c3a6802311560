// The boundary between operators and what carries out their actions.
#pragma once
#include <functional>
#include <string>

#include "models/ports/action_params.h"
#include "models/ports/watch_port.h"
#include "sim/journal.h"

namespace stampede {

// Whether an operation is over, and which incident says so; none where the act itself was the end.
struct Ending {
  bool over = true;
  IncidentId shown_by = kNoIncident;
};
// Asks after an operation that takes its time.
using Completion = std::function<Ending()>;

struct ChangesPort {
  virtual ~ChangesPort() = default;
  // Before the start: what the action waits for is watched from then on.
  virtual void prepare(const ActionSelection& action, WatchPort& watch) = 0;
  // Applies the action now because of `root`, which every incident of what it changes names.
  // `name` is what an undo calls it, unless the action gives itself a name. The result says when it
  // is over, at once if it takes no time. Not to be called while another component's event changes
  // what the action may touch.
  virtual Completion apply(const ActionSelection& action, const std::string& name,
                           IncidentId root) = 0;
};

}  // namespace stampede
