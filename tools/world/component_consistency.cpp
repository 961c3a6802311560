#include "tools/world/component_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "models/serving/decode_pool.h"
#include "tools/language/diagnostics.h"
#include "tools/world/autoscaler_consistency.h"
#include "tools/world/pool_classes.h"

namespace stampede {
namespace {

using Findings = std::vector<Finding>;

constexpr std::size_t kMostClasses = 255;  // an attempt has a byte for its class

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
  }
}

// Every prefill pool has its decode pool, every decode pool its prefill pool.
void pairs(Findings& out, const std::string& path, const std::vector<PoolParams>& pools) {
  std::vector<std::string> decoding;
  for (const PoolParams& pool : pools)
    if (pool.engine.role == EngineRole::kDecode) decoding.push_back(pool.name);
  std::vector<std::string> sender(pools.size());  // [decode pool] its prefill pool
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const PoolParams& pool = pools[i];
    const std::string at = fmt::format("{}.pools[{}]", path, i);
    const bool prefill = pool.engine.role == EngineRole::kPrefill;
    if (!prefill && !pool.hands_over_to.empty())
      out.push_back(
          {at + ".hands_over_to", fmt::format("only a prefill pool hands over; '{}' is {}",
                                              pool.name, name_of(pool.engine.role))});
    if (!prefill) continue;
    const WorkloadId decode = decode_pool_of(pools, i);
    if (decode != kNoPool && sender[decode].empty())
      sender[decode] = pool.name;
    else if (decode != kNoPool)
      out.push_back(
          {at + ".hands_over_to",
           fmt::format("'{}' already goes on with the requests of '{}': each prefill pool "
                       "has a decode pool of its own",
                       pools[decode].name, sender[decode])});
    else if (!pool.hands_over_to.empty())
      out.push_back(
          {at + ".hands_over_to", fmt::format("no decode pool is called '{}'{}", pool.hands_over_to,
                                              suggestion(pool.hands_over_to, decoding))});
    else
      out.push_back(
          {at + ".engine.role",
           fmt::format("'{}' needs one pool of its model with `role: decode` that goes on "
                       "with its requests; of several, name one in hands_over_to",
                       pool.name)});
  }
  for (std::size_t i = 0; i < pools.size(); ++i)
    if (pools[i].engine.role == EngineRole::kDecode && sender[i].empty())
      out.push_back({fmt::format("{}.pools[{}].engine.role", path, i),
                     fmt::format("no prefill pool hands over to '{}'", pools[i].name)});
}

void serving(Findings& out, const std::string& path, const ServingParams& serving) {
  engines(out, path, serving.pools);
  pairs(out, path, serving.pools);
  const double kv_link = serving.kv_transfer.bandwidth.bytes_per_second;
  if (kv_link > 0 && kv_link < kSlowestKvLink)
    out.push_back({path + ".kv_transfer.bandwidth",
                   "below 1 MB/s one prompt takes minutes; 0B/s: transfers take no time"});
}

void control_plane(Findings& out, const std::string& path, const ApiServerParams& plane) {
  if (plane.etcd.members % 2 == 0)
    out.push_back({path + ".etcd.members",
                   "1, 3 or 5 are wanted: one more than these stops no later, when as many do"});
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

void known_classes(Findings& out, const Spec& spec) {
  std::vector<std::string> classes;
  for (const ClientClassParams& c : spec.clients) classes.push_back(c.name);
  everywhere(out, spec, "serving", spec.serving, &RegionParams::serving,
             [&](Findings& found, const std::string& path, const ServingParams& serving) {
               for (std::size_t i = 0; i < serving.pools.size(); ++i)
                 for (const std::string& name : serving.pools[i].classes)
                   if (std::find(classes.begin(), classes.end(), name) == classes.end())
                     found.push_back({fmt::format("{}.pools[{}].classes", path, i),
                                      fmt::format("no class of clients is called '{}'{}", name,
                                                  suggestion(name, classes))});
             });
}

// Classes whose requests no pool takes in any region.
void taken_classes(Findings& out, const Spec& spec) {
  std::vector<std::string> models;
  bool entry = false;
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    for (const PoolParams& pool : spec.serving_of(r).pools)
      entry = entry || pool.engine.role != EngineRole::kDecode;
  if (!entry) return;  // which is said elsewhere
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    for (const PoolParams& pool : spec.serving_of(r).pools)
      if (!pool.model.empty() &&
          std::find(models.begin(), models.end(), pool.model) == models.end())
        models.push_back(pool.model);
  for (std::size_t k = 0; k < spec.clients.size(); ++k) {
    const ClientClassParams& c = spec.clients[k];
    bool taken = false;
    for (std::size_t r = 0; r < spec.regions.size(); ++r)
      for (const PoolParams& pool : spec.serving_of(r).pools) taken = taken || takes(pool, c);
    if (taken) continue;
    const std::string path = fmt::format("spec.clients[{}]", k);
    if (!c.model.empty() && std::find(models.begin(), models.end(), c.model) == models.end())
      out.push_back({path + ".model", fmt::format("no pool serves a model '{}'{}", c.model,
                                                  suggestion(c.model, models))});
    else
      out.push_back({path, fmt::format("no pool takes the requests of '{}': each is for other "
                                       "classes or another model",
                                       c.name)});
  }
  if (spec.clients.size() > kMostClasses &&
      !pools_by_class(spec.serving.pools, spec.clients).empty())
    out.push_back({"spec.clients", fmt::format("at most {} classes where pools are chosen by class",
                                               kMostClasses)});
}

}  // namespace

std::vector<Finding> faults_of_components(const Spec& spec) {
  Findings out;
  fixed(out, spec);
  known_classes(out, spec);
  taken_classes(out, spec);
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

std::vector<Finding> doubts_of_components(const Spec& spec) {
  Findings out;
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    const RegionParams& region = spec.regions[r];
    const std::vector<PoolParams>& pools = spec.serving_of(r).pools;
    std::string served, not_served;
    for (const ClientClassParams& c : spec.clients) {
      bool found = false;
      for (std::size_t w = 0; w < pools.size() && w < region.pools.size(); ++w)
        found = found || (takes(pools[w], c) && region.pools[w].replicas > 0);
      (found ? served : not_served) = c.name;
    }
    if (region.share.value > 0 && !served.empty() && !not_served.empty())
      out.push_back({fmt::format("spec.regions[{}].pools", r),
                     fmt::format("clients '{}' at home in '{}' find no pod there that takes their "
                                 "requests, and get 503",
                                 not_served, region.name)});
  }
  everywhere(out, spec, "cluster", spec.cluster, &RegionParams::cluster, doubts_of_autoscalers);
  return out;
}

}  // namespace stampede
