// The parameters that hold in one region, put together: what it inherits, what it says itself, and
// the sizes of its pools.
#pragma once
#include <string>
#include <vector>

#include "tools/world/scenario.h"

namespace stampede {

struct RegionSpec {
  std::string name;
  // [pool] requests/s of a pod, as the balancer is told; 0: it takes none from clients.
  std::vector<double> rate_per_endpoint;
  GatewayParams gateway;
  ReplicaChoiceParams replica_choice;
  ServingParams serving;
  ClusterParams cluster;
  ApiServerParams control_plane;
};

// Throws ScenarioError unless the region has one size for each pool.
RegionSpec region_spec(const Spec& spec, std::size_t region);

}  // namespace stampede
