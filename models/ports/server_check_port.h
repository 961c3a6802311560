// The boundary between whoever checks the servers of a region from outside and the region.
#pragma once
#include "models/ports/pods_port.h"

namespace stampede {

enum class CheckAnswer : u8 {
  kWell,
  kRefused,  // at once: no process listens there
  kSilent    // nothing comes back
};

struct ServerCheckPort {
  virtual ~ServerCheckPort() = default;
  // What a check gets from the pod now; `luck` is uniform: a busy front end may be late.
  virtual CheckAnswer check(PodId pod, double luck) const = 0;
  // Why the pod is not well, if anybody knows.
  virtual IncidentId unwell(PodId pod) = 0;
  // Filters of this pool's endpoints would give something else than they did.
  virtual void filters_changed(WorkloadId workload) = 0;
};

}  // namespace stampede
