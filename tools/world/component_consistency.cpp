#include "tools/world/component_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "tools/world/autoscaler_consistency.h"

namespace stampede {
namespace {

using Findings = std::vector<Finding>;

// [B/s] At less the line of transfers grows for longer than time can be counted.
constexpr double kSlowestKvLink = 1e6;

void engines(Findings& out, const std::string& path, const std::vector<PoolParams>& pools) {
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const EngineParams& e = pools[i].engine;
    const std::string engine = fmt::format("{}.pools[{}].engine", path, i);
    if (e.max_num_batched_tokens < e.max_num_seqs)
      out.push_back({engine + ".max_num_batched_tokens",
                     fmt::format("{} is below max_num_seqs, {}: each running sequence takes a "
                                 "token of every step; write at least {}",
                                 e.max_num_batched_tokens, e.max_num_seqs, e.max_num_seqs)});
    if (e.lifo_after.ns > 0 && (e.async_scheduling || e.prefix_caching))
      out.push_back(
          {engine + ".lifo_after",
           "not with async_scheduling or prefix_caching, which look ahead along the line"});
    if (e.lifo_after.ns > 0 && e.scheduling_policy == SchedulingPolicy::kPriority)
      out.push_back({engine + ".lifo_after",
                     "not with scheduling_policy: priority, which orders the line otherwise"});
    if (e.kv_memory && e.kv_memory->blocks() < 1)
      out.push_back(
          {engine + ".kv_memory", "weights and overhead leave no memory for keys and values"});
    const EngineRole wanted = pools.size() == 1 ? EngineRole::kMixed
                              : i == 0          ? EngineRole::kPrefill
                                                : EngineRole::kDecode;
    if (e.role != wanted)
      out.push_back({engine + ".role",
                     fmt::format("'{}' is wanted here: one pool is mixed, two are prefill and "
                                 "decode in this order",
                                 name_of(wanted))});
  }
}

void serving(Findings& out, const std::string& path, const ServingParams& serving) {
  engines(out, path, serving.pools);
  const double kv_link = serving.kv_transfer.bandwidth.bytes_per_second;
  if (kv_link > 0 && kv_link < kSlowestKvLink)
    out.push_back({path + ".kv_transfer.bandwidth",
                   "below 1 MB/s one prompt takes minutes; 0B/s: transfers take no time"});
}

void control_plane(Findings& out, const std::string& path, const ApiServerParams& plane) {
  if (plane.etcd.members == 2)
    out.push_back({path + ".etcd.members",
                   "1 or 3 are wanted: a cluster of two stops when either member does"});
}

// One check of the service's values and of those that regions have of their own. What a region
// merely inherits is told once.
template <class Params, class Check>
void everywhere(Findings& out, const Spec& spec, const std::string& group, const Params& service,
                std::optional<Params> RegionParams::*own, Check check) {
  Findings all;
  check(all, "spec." + group, service);
  const Findings inherited = all;
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    const std::optional<Params>& params = spec.regions[r].*own;
    if (!params) continue;
    const std::string prefix = fmt::format("spec.regions[{}].", r);
    Findings here;
    check(here, prefix + group, *params);
    for (Finding& f : here) {
      const std::string of_service = "spec." + f.path.substr(prefix.size());
      if (std::none_of(inherited.begin(), inherited.end(), [&](const Finding& g) {
            return g.path == of_service && g.message == f.message;
          }))
        all.push_back(std::move(f));
    }
  }
  std::move(all.begin(), all.end(), std::back_inserter(out));
}

// What a region may not say otherwise, although it stands among what it inherits.
void fixed(Findings& out, const Spec& spec) {
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    const std::string path = fmt::format("spec.regions[{}].", r);
    const ServingParams& serving = spec.serving_of(r);
    const ClusterParams& cluster = spec.cluster_of(r);
    for (std::size_t i = 0; i < serving.pools.size() && i < spec.serving.pools.size(); ++i)
      if (serving.pools[i].name != spec.serving.pools[i].name)
        out.push_back({fmt::format("{}serving.pools[{}].name", path, i),
                       fmt::format("pools are the service's: this one is '{}' in all regions",
                                   spec.serving.pools[i].name)});
    if (cluster.nodes != spec.cluster.nodes)
      out.push_back({path + "cluster.nodes", "a region's size is `nodes` of the region itself"});
    if (cluster.missing_gpus != spec.cluster.missing_gpus)
      out.push_back({path + "cluster.missing_gpus", "it is `missing_gpus` of the region itself"});
    for (std::size_t i = 0; i < cluster.workloads.size() && i < spec.cluster.workloads.size();
         ++i) {
      const auto &own = cluster.workloads[i], &service = spec.cluster.workloads[i];
      const std::string workload = fmt::format("{}cluster.workloads[{}].", path, i);
      const std::string pool = fmt::format("it is said in `pools[{}]` of the region itself", i);
      if (own.replicas != service.replicas) out.push_back({workload + "replicas", pool});
      if (own.gpu_limit != service.gpu_limit) out.push_back({workload + "gpu_limit", pool});
    }
  }
}

}  // namespace

std::vector<Finding> faults_of_components(const Spec& spec) {
  Findings out;
  fixed(out, spec);
  everywhere(out, spec, "serving", spec.serving, &RegionParams::serving, serving);
  everywhere(out, spec, "control_plane", spec.control_plane, &RegionParams::control_plane,
             control_plane);
  everywhere(out, spec, "cluster", spec.cluster, &RegionParams::cluster,
             [&](Findings& found, const std::string& path, const ClusterParams& cluster) {
               autoscaler_metrics(found, path, cluster);
               if (cluster.workloads.size() > spec.serving.pools.size())
                 found.push_back({fmt::format("{}.workloads[{}]", path, spec.serving.pools.size()),
                                  "there is no such pool in spec.serving.pools"});
             });
  return out;
}

}  // namespace stampede
