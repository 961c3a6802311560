// Which decode pool goes on with the requests of a prefill pool.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"
#include "models/serving/serving_params.h"

namespace stampede {

// Of the prefill pool `prefill`: the one that it names, else the only one of its model; kNoPool:
// there is none, or several.
WorkloadId decode_pool_of(const std::vector<PoolParams>& pools, std::size_t prefill);

}  // namespace stampede
