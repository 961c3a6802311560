// The boundary between the answer path and the safety layer: answers are offered for checking, and
// admission asks whether a breaker lets a session pass.
#pragma once
#include "models/ports/request.h"

namespace stampede {

struct SafetyPort {
  virtual ~SafetyPort() = default;
  // A finished answer; `key` identifies it for keyed sampling.
  virtual void answered(u64 key, RegionId region, ReplicaId replica, bool poisoned,
                        IncidentId cause) = 0;
  // May this session pass? Sticky by session while half-open.
  virtual Verdict admit(u64 session_key, RegionId region) = 0;
  virtual bool globally_open() const = 0;  // open, not half-open
};

}  // namespace stampede
