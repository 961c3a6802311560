// The boundary between a region's servers and a rule of deadlines: when they stop working for a
// client who will have left.
#pragma once
#include <string>

#include "sim/world.h"

namespace stampede {

// When a client leaves unless it has the first token, the whole answer; kNever: it waits.
struct Deadlines {
  Instant first_token = kNever, answer = kNever;
};

// Slot `deadline`: at most one, one object for each region.
struct DeadlinePolicy {
  struct Place {
    World& world;
    std::string path;  // of its random streams: region
  };
  virtual ~DeadlinePolicy() = default;
  // Asked when a pod takes an attempt on, and again when one of its answers is due: when the
  // servers give it up, in the line or under way.
  virtual Deadlines enforced(const Deadlines& of_client) = 0;
};

}  // namespace stampede
