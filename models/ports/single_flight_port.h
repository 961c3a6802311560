// The boundary between gateways and a rule that lets an attempt share the work of another that asks
// for the same.
#pragma once
#include <string>

#include "models/ports/request.h"
#include "sim/world.h"

namespace stampede {

// What an attempt asks for: two of the same session and turn have the same prompt.
struct Work {
  RegionId region = kNoRegion;
  u16 turn = 0;
  u64 session_key = 0;
};

// Slot `single_flight`: at most one, for all regions.
struct SingleFlight {
  struct Place {
    World& world;
    std::string path;  // of its random streams
  };
  virtual ~SingleFlight() = default;
  virtual void started(const Work& work, AttemptSlot attempt) = 0;
  virtual void ended(const Work& work, AttemptSlot attempt) = 0;
  // Asked before an attempt is made out: one that is under way and whose answer it may take, or
  // kNoSlot. It does so only if nobody waits for that answer.
  virtual AttemptSlot under_way(const Work& work) = 0;
};

}  // namespace stampede
