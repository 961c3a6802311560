#include "models/serving/decode_pool.h"

namespace stampede {

WorkloadId decode_pool_of(const std::vector<PoolParams>& pools, std::size_t prefill) {
  const PoolParams& from = pools[prefill];
  WorkloadId found = kNoPool;
  for (std::size_t w = 0; w < pools.size(); ++w) {
    if (pools[w].engine.role != EngineRole::kDecode) continue;
    const bool fits = from.hands_over_to.empty() ? pools[w].model == from.model
                                                 : pools[w].name == from.hands_over_to;
    if (!fits) continue;
    if (found != kNoPool) return kNoPool;
    found = static_cast<WorkloadId>(w);
  }
  return found;
}

}  // namespace stampede
