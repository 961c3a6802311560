// Which pools take the requests of which class of clients.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"
#include "tools/world/scenario.h"

namespace stampede {

// By model and class; the length of a prompt decides only when it is known.
bool takes(const PoolParams& pool, const ClientClassParams& client);

// [class] pools in order; empty where one pool takes everything.
std::vector<std::vector<WorkloadId>> pools_by_class(const std::vector<PoolParams>& pools,
                                                    const std::vector<ClientClassParams>& clients);

// The classes of which a pool takes requests; all if it takes none.
std::vector<ClientClassParams> clients_of(const PoolParams& pool,
                                          const std::vector<ClientClassParams>& clients);

}  // namespace stampede
