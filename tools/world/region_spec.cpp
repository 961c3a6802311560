#include "tools/world/region_spec.h"

#include "tools/language/yaml_loader.h"
#include "tools/world/endpoint_rate.h"
#include "tools/world/pool_classes.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace {

void size_cluster(ClusterParams& cluster, const RegionParams& region,
                  const ServingParams& serving) {
  cluster.nodes = region.nodes;
  cluster.missing_gpus = region.missing_gpus;
  cluster.workloads.resize(serving.pools.size());
  for (std::size_t w = 0; w < serving.pools.size(); ++w) {
    cluster::WorkloadParams& workload = cluster.workloads[w];
    workload.name = serving.pools[w].name;
    workload.replicas = region.pools[w].replicas;
    workload.gpu_limit = region.pools[w].gpu_limit;
    if (workload.autoscaler && region.pools[w].min_replicas)
      workload.autoscaler->min_replicas = *region.pools[w].min_replicas;
  }
}

std::vector<double> rates_per_endpoint(const Spec& spec, std::size_t r) {
  std::vector<double> rates;
  const auto& stated = spec.balancer.max_rate_per_endpoint;
  for (const PoolParams& pool : spec.serving_of(r).pools)
    rates.push_back(pool.engine.role == EngineRole::kDecode ? 0
                    : pool.max_rate_per_endpoint            ? pool.max_rate_per_endpoint->per_second
                    : stated                                ? stated->per_second
                             : endpoint_rate(pool, clients_of(pool, spec.clients)));
  return rates;
}

}  // namespace

RegionSpec region_spec(const Spec& spec, std::size_t r) {
  const RegionParams& region = spec.regions[r];
  if (region.pools.size() != spec.serving_of(r).pools.size())
    throw ScenarioError(element_path("spec.regions", r) + ".pools",
                        "needs one entry for each pool of spec.serving.pools");
  RegionSpec own{region.name,
                 rates_per_endpoint(spec, r),
                 spec.gateway_of(r),
                 spec.replica_choice_of(r),
                 spec.serving_of(r),
                 spec.cluster_of(r),
                 spec.control_plane_of(r)};
  size_cluster(own.cluster, region, own.serving);
  return own;
}

}  // namespace stampede
