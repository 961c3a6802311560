// The boundary between the pods of a pool and what decides which requests they take, and which of
// those that wait they give up: concurrency limits and load shedding.
#pragma once
#include <string>

#include "models/ports/endpoint_filter_port.h"
#include "models/ports/replica_choice_port.h"

namespace stampede {

// What a pod knows of a request that comes.
struct Arrival {
  u64 session_key = 0;
  i32 priority = 0;  // lower first
  u32 waiting = 0;   // that are in the pod's line already
};

// Slot `admission`: any number, in the order in which the scenario names them; one object for each
// region and pool. Asked in pools that take requests from clients. Whom it turns away gets 503, and
// it does not hear of that: PodObserver tells it how those ended that were taken.
struct AdmissionPolicy : PodObserver {
  struct Place {
    World& world;
    std::string path;            // of its random streams: region/pool
    const ActiveCounts& active;  // attempts that each pod has
  };
  void ended(PodId, Outcome, Duration, Instant) override {}
  // A pod begins anew, with nothing.
  virtual void started(PodId /*pod*/) {}
  // A request has come to a pod that could take it. False: it is turned away.
  virtual bool takes(PodId /*pod*/, const Arrival& /*arrival*/, Instant /*now*/) { return true; }
  // Does it want to hear of the pods' lines? Asked once, before the start.
  virtual bool watches_lines() const { return false; }
  // Nobody is in line, after an engine has begun with some.
  virtual void line_empty(PodId /*pod*/, Instant /*at*/) {}
  // An engine begins with a request that has waited for so long since it came to the pod.
  virtual void begun(PodId /*pod*/, Duration /*waited*/, Instant /*at*/) {}
  // Asked after engines have begun with some, of the one that is next in line: shall it be turned
  // away instead of waiting on? `waiting`: how many are in line. If so it is asked of the next.
  virtual bool drops_next(PodId /*pod*/, Duration /*waited*/, u32 /*waiting*/, Instant /*at*/) {
    return false;
  }
};

}  // namespace stampede
