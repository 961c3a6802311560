#include "models/balancing/replica_choice_params.h"

#include "sim/registry.h"

namespace stampede {

void ReplicaChoiceParams::describe(Schema<ReplicaChoiceParams>& s) {
  s.name("replica_choice");
  s.field("policy", &ReplicaChoiceParams::policy)
      .live()
      .help("load-balancing rule that chooses a pod among the endpoints of a region")
      .source("Envoy: ROUND_ROBIN by default");
  s.field("connections", &ReplicaChoiceParams::connections)
      .live()
      .help("round_robin_connections: number of long connections; each session uses one of them")
      .range(1, 1e7);
  s.field("connection_life", &ReplicaChoiceParams::connection_life)
      .live()
      .help("round_robin_connections: mean life of a connection (exponential); 0: unlimited")
      .range(0, 864000);
  s.field("max_connection_age", &ReplicaChoiceParams::max_connection_age)
      .live()
      .help(
          "round_robin_connections: age at which the server closes a connection, +-10 %; 0: never")
      .range(0, 864000)
      .source("gRFC A9: infinite unless set, jitter +-10 %");
  s.field("balance_factor", &ReplicaChoiceParams::balance_factor)
      .live()
      .help("session_affinity: most load of a pod, as a multiple of the mean; 0: no bound")
      .range(0, 100)
      .source("Envoy: hash_balance_factor; Mirrokni 2016");
  s.field("ring_points", &ReplicaChoiceParams::ring_points)
      .live()
      .help("session_affinity: number of points of each pod on the hash ring")
      .range(1, 10000);
}

namespace {
const Register<ReplicaChoiceParams> replica_choice_registered{
    "model", "replica_choice", "which replica of a region an attempt goes to",
    "gRFC A9; Envoy; Mirrokni 2016"};
}  // namespace

}  // namespace stampede
