// What one endpoint is configured to take, where the scenario does not say it.
// Source: real balancers are told a maximum rate for each endpoint; whoever states it measures one
// server at its line of overload. Computed here once, from parameters, as that measurement would
// come out; nothing that happens in a run enters.
// Limits: lengths are the means that the classes state (a recording is not read); the context
// of a conversation counts as found in the cache; no hand-over, no memory.
#pragma once
#include <vector>

#include "tools/world/scenario.h"

namespace stampede {

// Requests a second of one pod: what its front end takes up to its line of overload, or its engine
// with a full batch, whichever is less.
double endpoint_rate(const PoolParams& pool, const std::vector<ClientClassParams>& clients);

}  // namespace stampede
