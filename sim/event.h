// What the scheduler orders and what a component receives.
#pragma once
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// Rungs among events at the same nanosecond, lowest first. Within a rung order is first-in
// first-out.
enum class Priority : u8 {
  kFault = 0,   // the timeline's causes act before anything else sees the instant
  kNetwork,     // route changes before traffic that would use them
  kControl,     // control loops and stores: views are fresh before decisions on them
  kCompletion,  // work that ends frees capacity before new work asks for it
  kTimeout,     // an answer that arrives at the deadline is in time: completion goes first
  kArrival,     // new work
  kSample,      // telemetry sees the instant after all that happened in it
};
inline constexpr int kPriorities = 7;

using ComponentId = u16;

// A plain tagged record; `kind`, `subject` and `argument` mean what the target says they mean.
struct Event {
  Instant at;
  u32 subject = 0;
  u32 argument = 0;
  ComponentId target = 0;
  u8 kind = 0;
  Priority priority = Priority::kControl;
};

// Names a pending event. Can be held for ever; after the event fired or was cancelled every
// question about it answers "not pending".
struct EventHandle {
  u32 slot = UINT32_MAX;
  u32 generation = 0;
};

// Receives events. One virtual call an event, then a switch on `kind`.
struct Component {
  virtual ~Component() = default;
  virtual void handle(const Event& event) = 0;
  // An event of `kind` about `subject` will probably be handled soon: a chance to fetch the rows
  // that it reads (__builtin_prefetch), since a row from memory costs more than the event itself.
  // Called some ten events ahead and, with `next`, two or three ahead, when what the first call
  // fetched can be read to find more; or not at all. Must change nothing.
  virtual void prefetch(u8 kind, u32 subject, bool next) const {
    static_cast<void>(kind), static_cast<void>(subject), static_cast<void>(next);
  }
};

}  // namespace stampede
