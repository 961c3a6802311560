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

#include "models/ports/replica_choice.h"
#include "sim/params.h"
#include "sim/world.h"

namespace stampede {

enum class ChoiceKind : u8 {
  kRoundRobin,             // by request
  kRoundRobinConnections,  // by long connection
  kLeastRequest,
  kPowerOfTwo,
  kSessionAffinity  // consistent hash of the session with bounded loads
};
template <>
struct ChoiceNames<ChoiceKind> {
  static constexpr const char* type = "replica_choice_kind";
  static std::vector<std::string> names() {
    return {"round_robin", "round_robin_connections", "least_request", "power_of_two",
            "session_affinity"};
  }
};

struct ReplicaChoiceParams {
  ChoiceKind policy = ChoiceKind::kRoundRobin;
  u32 connections = 1000;
  Duration connection_life{};
  Duration max_connection_age{};
  double balance_factor = 1.25;
  u32 ring_points = 100;
  static void describe(Schema<ReplicaChoiceParams>& s);
};

// `active` and `world` must outlive the chooser; `path` names its random streams.
std::unique_ptr<ReplicaChoice> make_replica_choice(const ReplicaChoiceParams& params,
                                                   const World& world, const std::string& path,
                                                   const ActiveCounts& active);

}  // namespace stampede
