// The boundary between a region's gateway and the rule that picks a pod for an attempt.
#pragma once
#include <vector>

#include "models/ports/pods.h"

namespace stampede {

struct ReplicaChoice {
  virtual ~ReplicaChoice() = default;
  // The endpoints known from now on, ascending.
  virtual void set_endpoints(const std::vector<PodId>& endpoints) = 0;
  // One of them; only called while there is at least one.
  virtual PodId pick(u64 session_key, u64 attempt_key) = 0;
};

}  // namespace stampede
