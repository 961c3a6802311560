// Which of a region's pools take requests, and which go together: a prefill pool and the decode
// pool that goes on with its requests. Source: DeepSeek's and Mooncake's pairs of prefill and
// decode pools. Limits: fixed when the region is built.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"
#include "models/serving/serving_params.h"

namespace stampede {

// Throws InvariantError unless each prefill pool has a decode pool of its own.
struct PoolRoutes {
  explicit PoolRoutes(const std::vector<PoolParams>& pools);
  std::vector<WorkloadId> entries;  // that take requests, in order
  std::vector<WorkloadId> partner;  // [pool] decode of a prefill pool and the reverse, else kNoPool
};

}  // namespace stampede
