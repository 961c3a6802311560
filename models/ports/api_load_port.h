// The boundary between whoever loads one region's API server with reads and what makes them.
#pragma once
#include "sim/journal.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// Agents that list objects again and again.
struct ApiReaders {
  double agents_per_node = 1;  // times the nodes that there are
  Duration period = 10_s;      // from one list of an agent to its next, with a phase of its own
  u32 objects = 1000;          // of a list, beside those of each node
  double objects_per_node = 0;
  i32 bytes_per_object = 2048;
};

struct ApiLoadPort {
  virtual ~ApiLoadPort() = default;
  // From now on, beside others. An agent whose list has not been answered waits with its next.
  // Returns what stop() takes.
  virtual u32 start(const ApiReaders& readers, IncidentId cause) = 0;
  virtual void stop(u32 readers, IncidentId ended) = 0;
};

}  // namespace stampede
