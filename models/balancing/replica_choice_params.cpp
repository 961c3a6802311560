#include "models/balancing/replica_choice_params.h"

#include "sim/registry.h"

namespace stampede {

void ReplicaChoiceParams::describe(Schema<ReplicaChoiceParams>& s) {
  s.name("replica_choice");
  s.field("policy", &ReplicaChoiceParams::policy)
      .help("how a replica is chosen among the endpoints")
      .source("reference outage: round robin on long connections");
  s.field("connections", &ReplicaChoiceParams::connections)
      .help("round_robin_connections: long connections onto which sessions hash")
      .range(1, 1e7);
  s.field("connection_life", &ReplicaChoiceParams::connection_life)
      .help("mean of their exponential life, 0 = they live for ever")
      .range(0, 864000);
  s.field("max_connection_age", &ReplicaChoiceParams::max_connection_age)
      .help("the server closes a connection at this age, +-10 %, 0 = never")
      .range(0, 864000)
      .source("gRPC MAX_CONNECTION_AGE: infinite unless set, jitter +-10 %");
  s.field("balance_factor", &ReplicaChoiceParams::balance_factor)
      .help("session_affinity: a pod takes at most this many times the mean load, 0 = no bound")
      .range(0, 100)
      .source("Envoy hash_balance_factor: 125 to 150 % are typical");
  s.field("ring_points", &ReplicaChoiceParams::ring_points)
      .help("session_affinity: points of each pod on the ring")
      .range(1, 10000);
}

namespace {
const Register<ReplicaChoiceParams> registered{"model", "replica_choice",
                                               "which replica of a region an attempt goes to",
                                               "gRPC, Envoy, Mirrokni et al. 2016"};
}  // namespace

}  // namespace stampede
