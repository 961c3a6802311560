#include "models/serving/pool_routes.h"

#include <algorithm>

#include "models/serving/decode_pool.h"

namespace stampede {

PoolRoutes::PoolRoutes(const std::vector<PoolParams>& pools) : partner(pools.size(), kNoPool) {
  STAMPEDE_CHECK(pools.size() < kNoPool, "too many pools");
  for (std::size_t w = 0; w < pools.size(); ++w) {
    const PoolParams& pool = pools[w];
    if (pool.engine.role == EngineRole::kDecode) continue;
    entries.push_back(static_cast<WorkloadId>(w));
    if (pool.engine.role != EngineRole::kPrefill) continue;
    const WorkloadId decode = decode_pool_of(pools, w);
    STAMPEDE_CHECK(decode != kNoPool && partner[decode] == kNoPool,
                   "each prefill pool has a decode pool of its own");
    partner[w] = decode;
    partner[decode] = static_cast<WorkloadId>(w);
  }
}

}  // namespace stampede
