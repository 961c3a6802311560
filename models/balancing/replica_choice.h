// Which replica of a region an attempt goes to, over the endpoints as the data plane knows them.
// State: round robin: a pointer; long connections: by connection a pod and an expiry,
//   OPEN -expired or pod gone-> reopened on the next pod at its next request; the rest: none but
//   the endpoints.
// Source: gRPC (connections are balanced, not requests; max_connection_age +-10 %), Envoy
//   (least request, P2C with choice_count 2, hash_balance_factor), Mirrokni et al. 2016 (consistent
//   hashing with bounded loads).
// Limits: equal weights; connections reopen at a request, not at the moment they end; least request
//   looks at every endpoint.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/balancing/replica_choice_params.h"
#include "models/ports/replica_choice_port.h"
#include "sim/world.h"

namespace stampede {

// `active` and `world` must outlive the chooser; `path` names its random streams.
std::unique_ptr<ReplicaChoice> make_replica_choice(const ReplicaChoiceParams& params,
                                                   const World& world, const std::string& path,
                                                   const ActiveCounts& active);

}  // namespace stampede
