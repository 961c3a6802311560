// What the parts of one cluster share: the world, connections to the API server, state.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "models/cluster/cluster_state.h"
#include "models/ports/api_server_port.h"
#include "sim/live_causes.h"

namespace stampede::cluster {

// Users, for the API server's shuffle sharding.
inline constexpr u32 kControllerUser = 1, kSchedulerUser = 2, kEndpointUser = 3, kScalerUser = 4,
                     kOperatorUser = 5, kKedaUser = 6, kKubeletUser = 1000;

struct Context {
  World& world;
  ClusterState& state;
  const ClusterParams& params;
  PodRuntime& runtime;
  std::string path;  // of the component, for streams and incidents
  const ApiServerPort& api;
  const LiveCauses& tuned;  // changes of the cluster's own parameters

  // For what is late or missing though nobody was told of a failure: what ails the API server and
  // what was changed here.
  void add_trouble(std::vector<IncidentId>& causes) const {
    if (std::any_of(causes.begin(), causes.end(), [](IncidentId id) { return id != kNoIncident; }))
      return;
    causes.push_back(api.trouble());
    tuned.add_to(causes, world.now());
  }
};

// Delay after `failures` in a row (1 and up): doubles from `first` to `longest`.
inline Duration doubling(Duration first, Duration longest, u32 failures) {
  Duration delay = first;
  for (u32 i = 1; i < failures && delay < longest; ++i) delay = delay * 2;
  return delay < longest ? delay : longest;
}

}  // namespace stampede::cluster
