// The records that travel: a request is what a user wanted, an attempt one try of it. They are
// separate: a timed-out attempt goes on living in a server while its retry runs.
#pragma once
#include "sim/enum_names.h"
#include "sim/journal.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

using RegionId = u8;      // index into the scenario's regions
using SessionSlot = u32;  // index into the table of live sessions
using RequestSlot = u32;  // index into the pool of requests
using AttemptSlot = u32;  // index into the pool of attempts
using ReplicaId = u32;    // index of a replica within its region
inline constexpr RegionId kNoRegion = 0xff;
inline constexpr u32 kNoSlot = UINT32_MAX;

// How an attempt or a request ended.
enum class Outcome : u8 {
  kSucceeded,
  kTimeout,          // no first token, or a gap between tokens, or the whole too late
  kUnreachable,      // no route, or a path that died
  kRejected429,      // a rate limit or a spill cap
  kRejected503,      // a full queue, an overloaded front end, no endpoint
  kBreaker,          // an open circuit breaker
  kAuthFailed,       // log-in or session store
  kTruncated,        // the stream ended before the answer did
  kPoisoned,         // an answer computed on corrupted context
  kBudget,           // reasoning consumed the token budget before the answer
  kServedElsewhere,  // a fallback provider or a local cache answered
  kAbandoned,        // an agent's task that never got to this step
  kCount
};
// What a boundary says to an attempt offered to it. `retry_after` is zero when absent.
struct Verdict {
  Outcome code = Outcome::kSucceeded;  // kSucceeded: taken on, the answer comes later
  Duration retry_after{};
  IncidentId incident = kNoIncident;  // what made it refuse, or what opened the door again
  bool accepted() const { return code == Outcome::kSucceeded; }
};

}  // namespace stampede
