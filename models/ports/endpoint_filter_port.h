// The boundary between a region's gateway and what learns from the attempts that it sends to pods:
// filters, which keep attempts from some of them, and rules of choice.
#pragma once
#include <string>
#include <vector>

#include "models/ports/pods_port.h"
#include "sim/world.h"

namespace stampede {

// Hears of the attempts at the pods of one pool, as the gateway sees them.
struct PodObserver {
  virtual ~PodObserver() = default;
  // The first token left the pod. `waited`: since the attempt came to the region's first pod.
  virtual void first_token(PodId /*pod*/, Duration /*waited*/, Instant /*at*/) {}
  // kSucceeded: the pod did what was its part, whether or not a client still waited and whatever
  // the answer was worth. kRejected503: it refused, or nobody listened there. kTruncated: it broke
  // off. kTimeout: the client left and the pod stopped.
  virtual void ended(PodId pod, Outcome outcome, Duration waited, Instant at) = 0;
};

// Stands before the rule that picks a pod. Slot `filter`: any number, in the order in which the
// scenario names them; each sees what those before it have left.
struct EndpointFilter : PodObserver {
  struct Place {
    World& world;
    std::string path;  // of its random streams and incidents: region/pool
  };
  // Takes the pods to which nothing shall be sent from now on out of `pods` (ascending). Called
  // with every new view of endpoints, after changed(), and at next_change(). May allocate.
  virtual void filter(Instant now, std::vector<PodId>& pods) = 0;
  // What it heard since the last filter() would make that give something else.
  virtual bool changed() const = 0;
  // When filter() may give something else by itself; kNever: it will not.
  virtual Instant next_change() const { return kNever; }
};

}  // namespace stampede
