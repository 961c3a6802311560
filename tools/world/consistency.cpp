#include "tools/world/consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "models/balancing/answer_history.h"
#include "models/network/prefix.h"
#include "tools/language/diagnostics.h"
#include "tools/world/change_consistency.h"
#include "tools/world/component_consistency.h"
#include "tools/world/expectation_consistency.h"
#include "tools/world/mitigation_consistency.h"
#include "tools/world/operations_consistency.h"
#include "tools/world/service_consistency.h"
#include "tools/world/version_consistency.h"

namespace stampede {
namespace {

using Findings = std::vector<Finding>;

// Conversations under way at once, each some hundred bytes: more do not fit into memory.
constexpr double kMostSessions = 1e8;

constexpr std::size_t kMostPools = 64;

template <class Item>
std::vector<std::string> names_of(const std::vector<Item>& items) {
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  return names;
}

template <class Item>
void unique_names(Findings& out, const std::string& path, const std::vector<Item>& items) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (!seen.insert(items[i].name).second)
      out.push_back({fmt::format("{}[{}].name", path, i),
                     fmt::format("the name '{}' is already used", items[i].name)});
}

// Incidents, series and ends of ways call these so.
void region_names(Findings& out, const Spec& spec) {
  const std::vector<std::string> taken{"balancer", "changes", "clients", "dns",
                                       "kv_cache", "network", "monitor", "operations",
                                       "regions",  "safety",  "service", "services"};
  for (std::size_t i = 0; i < spec.regions.size(); ++i)
    if (std::find(taken.begin(), taken.end(), spec.regions[i].name) != taken.end())
      out.push_back({fmt::format("spec.regions[{}].name", i),
                     fmt::format("'{}' is what a part of the service is called; another name keeps "
                                 "them apart",
                                 spec.regions[i].name)});
}

void region_sizes(Findings& out, const Spec& spec) {
  if (spec.regions.empty() || spec.regions.size() > kMaxRegions)
    out.push_back({"spec.regions", fmt::format("1 to {} regions are wanted", kMaxRegions)});
  if (spec.serving.pools.empty() || spec.serving.pools.size() > kMostPools)
    out.push_back({"spec.serving.pools", fmt::format("1 to {} pools are wanted", kMostPools)});
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    const RegionParams& region = spec.regions[r];
    const std::string path = fmt::format("spec.regions[{}]", r);
    const ClusterParams& cluster = spec.cluster_of(r);
    const auto& workloads = cluster.workloads;
    const std::string prefix = region.cluster ? path + "." : "spec.";
    if (region.missing_gpus >= cluster.gpus_per_node)
      out.push_back(
          {path + ".missing_gpus", fmt::format("a node has {} GPUs", cluster.gpus_per_node)});
    for (std::size_t p = 0; p < std::min(region.pools.size(), workloads.size()); ++p) {
      if (!workloads[p].autoscaler) continue;
      const cluster::AutoscalerParams& scaler = *workloads[p].autoscaler;
      const auto& own = region.pools[p].min_replicas;
      if (own.value_or(scaler.min_replicas) > scaler.max_replicas)
        out.push_back(
            {own ? fmt::format("{}.pools[{}].min_replicas", path, p)
                 : fmt::format("{}cluster.workloads[{}].autoscaler.min_replicas", prefix, p),
             fmt::format("{} is above the autoscaler's max_replicas, {}",
                         own.value_or(scaler.min_replicas), scaler.max_replicas)});
    }
  }
}

void lengths(Findings& out, const std::string& path, const LengthParams& p) {
  if (p.minimum > p.maximum)
    out.push_back(
        {path + ".minimum", fmt::format("{} is above the maximum, {}", p.minimum, p.maximum)});
}

void client_classes(Findings& out, const Spec& spec) {
  double live = 0;
  for (std::size_t i = 0; i < spec.clients.size(); ++i) {
    const ClientClassParams& c = spec.clients[i];
    const std::string path = fmt::format("spec.clients[{}]", i);
    lengths(out, path + ".first_prompt", c.first_prompt);
    lengths(out, path + ".message", c.message);
    lengths(out, path + ".answer", c.answer);
    lengths(out, path + ".resumed_context", c.resumed_context);
    if (c.trace) continue;
    live += c.share.value * spec.demand.rate.per_second * spec.scale * c.think_time.seconds();
  }
  if (spec.clients.empty()) out.push_back({"spec.clients", "at least one class is wanted"});
  if (live > kMostSessions)
    out.push_back({"spec.demand.rate",
                   fmt::format("about {:.2g} conversations would be under way at once, more than "
                               "the {:.0e} that a run can hold; lower it, or think_time, or "
                               "spec.scale",
                               live, kMostSessions)});
}

// What can be said of them without the graph.
void attachments(Findings& out, const Spec& spec,
                 const std::function<void(const std::string&, const std::string&)>& known_region) {
  std::set<std::string> regions;
  std::map<Prefix, std::string> prefixes;
  std::map<i64, std::string> lies_in;
  for (std::size_t i = 0; i < spec.network.attachments.size(); ++i) {
    const RegionAttachment& a = spec.network.attachments[i];
    const std::string path = fmt::format("spec.network.attachments[{}].", i);
    known_region(path + "region", a.region);
    if (!regions.insert(a.region).second)
      out.push_back({path + "region", fmt::format("'{}' is attached twice", a.region)});
    std::set<i64> here(a.ases.begin(), a.ases.end());
    here.insert(a.clients.begin(), a.clients.end());
    if (a.asn != 0) here.insert(a.asn);
    for (const i64 asn : here)
      if (const auto [it, fresh] = lies_in.try_emplace(asn, a.region); !fresh)
        out.push_back(
            {path + "region", fmt::format("AS {} lies in '{}' as well", asn, it->second)});
    if (a.prefixes.size() > 1024)
      out.push_back({path + "prefixes", "more than 1024 prefixes of one region"});
    if (a.clients.size() > 1000)
      out.push_back({path + "clients", "more than 1000 access networks of one region"});
    for (std::size_t k = 0; k < a.prefixes.size(); ++k) {
      const std::string at = fmt::format("{}prefixes[{}]", path, k);
      const std::optional<Prefix> prefix = parse_prefix(a.prefixes[k]);
      if (!prefix)
        out.push_back({at, "not a prefix such as 203.0.113.0/24, with zeros behind its length"});
      else if (Prefix{10u << 24, 8}.covers(*prefix))
        out.push_back({at, "10.0.0.0/8 is for regions that name no prefixes"});
      else if (const auto [it, fresh] = prefixes.try_emplace(*prefix, a.region); !fresh)
        out.push_back({at, fmt::format("'{}' announces it already", it->second)});
    }
  }
}

void references(Findings& out, const Spec& spec) {
  const std::vector<std::string> regions = names_of(spec.regions);
  const auto known = [&](const std::string& path, const std::string& name) {
    if (std::find(regions.begin(), regions.end(), name) == regions.end())
      out.push_back(
          {path, fmt::format("no region is called '{}'{}", name, suggestion(name, regions))});
  };
  for (std::size_t i = 0; i < spec.network.latencies.size(); ++i) {
    const std::string path = fmt::format("spec.network.latencies[{}].", i);
    known(path + "from", spec.network.latencies[i].from);
    known(path + "to", spec.network.latencies[i].to);
  }
  attachments(out, spec, known);
  std::set<std::string> capacities;
  for (std::size_t i = 0; i < spec.network.capacities.size(); ++i) {
    const WayCapacity& c = spec.network.capacities[i];
    const std::string path = fmt::format("spec.network.capacities[{}].", i);
    if (!c.region.empty()) known(path + "region", c.region);
    if (!c.from.empty() && c.from != "clients" && c.from != "regions") known(path + "from", c.from);
    if (!c.from.empty() && c.from == c.region)
      out.push_back({path + "from", fmt::format("a way from '{}' to itself", c.from)});
    if (!capacities.insert(c.name).second)
      out.push_back({path + "name", fmt::format("two capacities are called '{}'", c.name)});
  }
  for (std::size_t i = 0; i < spec.network.ibgp.members.size(); ++i)
    known(fmt::format("spec.network.ibgp.members[{}]", i), spec.network.ibgp.members[i]);
  if (spec.kv_cache.dead_ntp_region >= static_cast<i64>(regions.size()))
    out.push_back({"spec.kv_cache.dead_ntp_region",
                   fmt::format("there are {} regions, counted from 0", regions.size())});
}

// What a step waits for: `needs` always, `after` whenever that one has something to do.
std::vector<std::string> awaited_by(const StepParams& step) {
  std::vector<std::string> names = step.needs;
  names.insert(names.end(), step.after.begin(), step.after.end());
  return names;
}

// Steps of which each waits for another one and none can be first.
void runbook_order(Findings& out, const std::vector<StepParams>& steps) {
  std::set<std::string> done;
  const auto waits_for = [](const StepParams& s, const std::string& name) {
    const std::vector<std::string> names = awaited_by(s);
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (bool grown = true; grown;) {
    grown = false;
    for (const StepParams& s : steps) {
      const std::vector<std::string> awaited = awaited_by(s);
      if (!done.contains(s.name) &&
          std::all_of(awaited.begin(), awaited.end(),
                      [&](const std::string& name) { return done.contains(name); }))
        grown = done.insert(s.name).second;
    }
  }
  // What merely waits for a circle is not part of it.
  for (bool shrunk = true; shrunk;) {
    shrunk = false;
    for (const StepParams& s : steps)
      if (!done.contains(s.name) &&
          std::none_of(steps.begin(), steps.end(), [&](const StepParams& other) {
            return !done.contains(other.name) && waits_for(other, s.name);
          }))
        shrunk = done.insert(s.name).second;
  }
  const std::vector<std::string> names = names_of(steps);
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (const auto& [key, awaited] :
         {std::pair("needs", &steps[i].needs), std::pair("after", &steps[i].after)})
      for (const std::string& name : *awaited)
        if (!done.contains(steps[i].name) && !done.contains(name) &&
            std::find(names.begin(), names.end(), name) != names.end())
          return out.push_back(
              {fmt::format("spec.operations.steps[{}].{}", i, key),
               fmt::format("'{}' and '{}' are in a circle of steps that wait for each "
                           "other: none of them can ever be done",
                           steps[i].name, name)});
}

double sum_of_shares(const auto& items) {
  double sum = 0;
  for (const auto& item : items) sum += item.share.value;
  return sum;
}

// Whom a controller follows: one with the same items, which does not follow it in turn.
void follows(Findings& out, const Spec& spec, std::size_t k) {
  const WorkQueueParams& p = spec.controllers[k];
  if (p.after.empty()) return;
  const std::string path = fmt::format("spec.controllers[{}].after", k);
  std::vector<std::string> names;
  for (const WorkQueueParams& c : spec.controllers) names.push_back(c.name);
  const auto called = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
  };
  std::size_t leader = static_cast<std::size_t>(called(p.after));
  if (leader == names.size()) {
    out.push_back(
        {path, fmt::format("no controller is called '{}'{}", p.after, suggestion(p.after, names))});
    return;
  }
  const WorkQueueParams& of = spec.controllers[leader];
  if (of.items != p.items || of.region != p.region)
    out.push_back({path, fmt::format("'{}' has other items: give both the same `items` or `region`",
                                     p.after)});
  for (std::size_t steps = 0; steps <= names.size() && leader < names.size(); ++steps) {
    if (leader == k) {
      out.push_back({path, fmt::format("'{}' would follow itself", p.name)});
      return;
    }
    leader = static_cast<std::size_t>(called(spec.controllers[leader].after));
  }
}

void controllers(Findings& out, const Spec& spec) {
  std::vector<std::string> regions;
  for (const RegionParams& r : spec.regions) regions.push_back(r.name);
  for (std::size_t k = 0; k < spec.controllers.size(); ++k) {
    const WorkQueueParams& p = spec.controllers[k];
    const std::string path = fmt::format("spec.controllers[{}]", k);
    if (!p.region.empty() && std::find(regions.begin(), regions.end(), p.region) == regions.end())
      out.push_back({path + ".region", fmt::format("no region is called '{}'{}", p.region,
                                                   suggestion(p.region, regions))});
    if (p.items > 0 && !p.region.empty())
      out.push_back({path + ".items", "`items` of its own or the nodes of a `region`, not both"});
    if (p.items > 0 && p.on_expired != OnExpired::kNothing)
      out.push_back(
          {path + ".on_expired", fmt::format("only nodes are {}: leave `items` out",
                                             p.on_expired == OnExpired::kCordon    ? "cordoned"
                                             : p.on_expired == OnExpired::kIsolate ? "isolated"
                                                                                   : "cut off")});
    follows(out, spec, k);
    std::vector<std::string> services;
    for (const ServiceParams& s : spec.services) services.push_back(s.name);
    if (!p.service.empty() &&
        std::find(services.begin(), services.end(), p.service) == services.end())
      out.push_back({path + ".service", fmt::format("no service is called '{}'{}", p.service,
                                                    suggestion(p.service, services))});
    if (p.renew >= p.lease)
      out.push_back({path + ".renew",
                     fmt::format("{} is not below the lease, {}", print(p.renew), print(p.lease))});
  }
}

bool changes_routing(const ActionSelection& action) {
  return action.name.find("routing_policy") != std::string::npos;
}

}  // namespace

std::vector<Finding> contradictions(const Spec& spec) {
  Findings out;
  unique_names(out, "spec.clients", spec.clients);
  unique_names(out, "spec.regions", spec.regions);
  region_names(out, spec);
  for (Finding& fault : faults_of_mitigations(spec)) out.push_back(std::move(fault));
  unique_names(out, "spec.operations.steps", spec.operations.steps);
  unique_names(out, "spec.operations.responders", spec.operations.responders);
  client_classes(out, spec);
  if (spec.balancer.probe_timeout > spec.balancer.probe_interval)
    out.push_back({"spec.balancer.probe_timeout",
                   fmt::format("{} is above probe_interval, {}", print(spec.balancer.probe_timeout),
                               print(spec.balancer.probe_interval))});
  if (const auto& checks = spec.balancer.health_checks) {
    if (checks->timeout > checks->interval)
      out.push_back({"spec.balancer.health_checks.timeout",
                     fmt::format("{} is above the interval, {}", print(checks->timeout),
                                 print(checks->interval))});
    if (checks->withdraw == WithdrawWhen::kServers && !checks->region_below)
      out.push_back({"spec.balancer.health_checks.withdraw",
                     "below which share of well servers? Say `region_below`"});
  }
  region_sizes(out, spec);
  for (Finding& fault : faults_of_components(spec)) out.push_back(std::move(fault));
  references(out, spec);
  for (Finding& fault : faults_of_services(spec)) out.push_back(std::move(fault));
  runbook_order(out, spec.operations.steps);
  unique_names(out, "spec.versions", spec.versions);
  unique_names(out, "spec.controllers", spec.controllers);
  controllers(out, spec);
  for (Finding& fault : faults_of_changes(spec)) out.push_back(std::move(fault));
  for (Finding& fault : faults_of_versions(spec)) out.push_back(std::move(fault));
  for (Finding& fault : faults_of_operations(spec)) out.push_back(std::move(fault));
  for (Finding& fault : faults_of_expectations(spec)) out.push_back(std::move(fault));
  return out;
}

std::vector<Finding> doubts(const Spec& spec) {
  Findings out;
  const auto whole = [&](const char* path, double sum) {
    if (sum < 1 - 1e-6 || sum > 1 + 1e-6)
      out.push_back({path, fmt::format("the shares add up to {:.6g}%: the demand is that part of "
                                       "spec.demand.rate",
                                       100 * sum)});
  };
  std::vector<ClientClassParams> modelled;  // a recording has no share of the demand
  for (const ClientClassParams& c : spec.clients)
    if (!c.trace) modelled.push_back(c);
  if (!modelled.empty()) whole("spec.clients", sum_of_shares(modelled));
  whole("spec.regions", sum_of_shares(spec.regions));
  bool in_order = false;
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    in_order |= spec.gateway_of(r).flow_control.has_value();
    for (const PoolParams& p : spec.serving_of(r).pools)
      in_order |= p.engine.scheduling_policy == SchedulingPolicy::kPriority;
  }
  for (Finding& doubt : doubts_of_mitigations(spec)) out.push_back(std::move(doubt));
  for (std::size_t i = 0; !in_order && i < spec.clients.size(); ++i)
    if (spec.clients[i].priority != 0)
      out.push_back({fmt::format("spec.clients[{}].priority", i),
                     "changes nothing: no pool's engine has scheduling_policy: priority, and no "
                     "gateway flow_control"});
  const bool may_lose_packets =
      std::any_of(spec.timeline.begin(), spec.timeline.end(),
                  [](const TimelineParams& t) { return changes_routing(t.action); });
  for (std::size_t i = 0; may_lose_packets && i < spec.clients.size(); ++i) {
    const ClientClassParams& c = spec.clients[i];
    if (c.total_timeout.ns > 0) continue;
    const char* missing = c.first_token_timeout.ns == 0      ? "first_token_timeout"
                          : c.between_tokens_timeout.ns == 0 ? "between_tokens_timeout"
                                                             : nullptr;
    if (missing != nullptr)
      out.push_back({fmt::format("spec.clients[{}]", i),
                     fmt::format("'{}' has neither total_timeout nor {}: what routing loses on its "
                                 "way stays in flight to the end of the run",
                                 c.name, missing)});
  }
  for (Finding& doubt : doubts_of_components(spec)) out.push_back(std::move(doubt));
  for (Finding& doubt : doubts_of_services(spec)) out.push_back(std::move(doubt));
  for (Finding& doubt : doubts_of_changes(spec)) out.push_back(std::move(doubt));
  for (Finding& doubt : doubts_of_operations(spec)) out.push_back(std::move(doubt));
  for (std::size_t i = 0; i < spec.timeline.size(); ++i)
    if (spec.timeline[i].at >= spec.duration)
      out.push_back({fmt::format("spec.timeline[{}].at", i),
                     fmt::format("{} is not before the end of the run, {}",
                                 print(spec.timeline[i].at), print(spec.duration))});
  return out;
}

}  // namespace stampede
