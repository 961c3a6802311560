// What a control plane must know of its cluster to say whether endpoints still follow the pods.
#pragma once
#include "sim/journal.h"
#include "sim/time.h"

namespace stampede {

// Implemented by the cluster: it alone knows both what its kubelets see and what endpoints say.
struct ReadinessPort {
  virtual ~ReadinessPort() = default;
  // Since when the readiness of some pod, as its kubelet sees it or, if its node was given up, as
  // the node lifecycle controller wants it, has differed from what the endpoints say of it; kNever
  // if they agree. A pod that changed back has nothing to be published.
  virtual Instant unpublished_since() = 0;
  // A change of those who publish it, if nothing else says why it waits.
  virtual IncidentId held_up_by() const { return kNoIncident; }
};

}  // namespace stampede
