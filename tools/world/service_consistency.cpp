#include "tools/world/service_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "tools/language/diagnostics.h"

namespace stampede {
namespace {

constexpr std::size_t kMostUses = 64;

template <class Item>
std::vector<std::string> named(const std::vector<Item>& items) {
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  return names;
}

template <class Item>
void told_apart(std::vector<Finding>& out, const std::string& path,
                const std::vector<Item>& items) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string at = fmt::format("{}[{}].name", path, i);
    if (items[i].name.empty()) out.push_back({at, "a name is wanted"});
    if (!seen.insert(items[i].name).second)
      out.push_back({at, fmt::format("the name '{}' is already used", items[i].name)});
  }
}

// Does it call the other, directly or through others? It needs itself.
bool needs(const Spec& spec, const std::string& service, const std::string& other) {
  std::set<std::string> reached{service};
  for (bool grown = true; grown;) {
    grown = false;
    for (const ServiceUseParams& use : spec.uses)
      if (use.per == UsePer::kCall && reached.contains(use.by))
        grown = reached.insert(use.service).second || grown;
  }
  return reached.contains(other);
}

void health(std::vector<Finding>& out, const Spec& spec, std::size_t i) {
  const ServiceParams& s = spec.services[i];
  const std::vector<std::string> regions = named(spec.regions);
  const std::string path = fmt::format("spec.services[{}].health.", i);
  const auto known = [&](const char* key, const std::string& name) {
    if (!name.empty() && std::find(regions.begin(), regions.end(), name) == regions.end())
      out.push_back(
          {path + key, fmt::format("no region is called '{}'{}", name, suggestion(name, regions))});
  };
  known("reach", s.health.reach);
  known("api_server", s.health.api_server);
  for (const std::string& region : s.health.reach_one_of) known("reach_one_of", region);
  if (!s.health.reach_one_of.empty() && s.region.empty() && !s.in_each_region)
    out.push_back({path + "reach_one_of", "it stands outside of all regions: give it a `region`"});
  if (s.health.prefixes && s.region.empty() && !s.in_each_region)
    out.push_back({path + "prefixes", "it stands outside of all regions: give it a `region`"});
  if (s.health.own_api_server && !s.in_each_region)
    out.push_back({path + "own_api_server", "only of a service with in_each_region: true"});
  if (!s.health.reach.empty() && s.region.empty() && !s.in_each_region)
    out.push_back({path + "reach", "it stands outside of all regions: give it a `region`"});
}

void places(std::vector<Finding>& out, const Spec& spec) {
  const std::vector<std::string> regions = named(spec.regions);
  for (std::size_t i = 0; i < spec.services.size(); ++i) {
    const ServiceParams& s = spec.services[i];
    const std::string path = fmt::format("spec.services[{}].region", i);
    health(out, spec, i);
    if (s.anycast && !s.in_each_region)
      out.push_back({fmt::format("spec.services[{}].anycast", i),
                     "only of a service with in_each_region: true"});
    for (const std::string& region : s.regions)
      if (std::find(regions.begin(), regions.end(), region) == regions.end())
        out.push_back(
            {fmt::format("spec.services[{}].regions", i),
             fmt::format("no region is called '{}'{}", region, suggestion(region, regions))});
    if (!s.regions.empty() && !s.anycast)
      out.push_back({fmt::format("spec.services[{}].regions", i),
                     "only of an anycast service: who is in another region would have none"});
    if (s.region.empty()) continue;
    if (std::find(regions.begin(), regions.end(), s.region) == regions.end())
      out.push_back({path, fmt::format("no region is called '{}'{}", s.region,
                                       suggestion(s.region, regions))});
    if (s.in_each_region) out.push_back({path, "`region` or `in_each_region`, not both"});
  }
}

// What a line needs that knows when to give up.
void lines(std::vector<Finding>& out, const Spec& spec) {
  for (std::size_t i = 0; i < spec.services.size(); ++i) {
    const ServiceParams& s = spec.services[i];
    const auto field = [i](const char* name) {
      return fmt::format("spec.services[{}].{}", i, name);
    };
    if (s.distribution == ServiceTimes::kExponential && s.variation != 1)
      out.push_back({field("variation"), "distribution: exponential has a variation of 1"});
    if (s.discipline != Discipline::kProcessorSharing) continue;
    for (const auto& [name, given] : {std::pair{"queue_delay", s.queue_delay.has_value()},
                                      std::pair{"deadline_margin", s.deadline_margin.has_value()}})
      if (given) out.push_back({field(name), "nobody waits with discipline: processor_sharing"});
  }
}

// Whom a use is by, and that no service needs itself, however far round.
void calls(std::vector<Finding>& out, const Spec& spec) {
  const std::vector<std::string> services = named(spec.services);
  for (std::size_t i = 0; i < spec.uses.size(); ++i) {
    const ServiceUseParams& use = spec.uses[i];
    const std::string path = fmt::format("spec.uses[{}].by", i);
    if (use.per != UsePer::kCall) {
      if (!use.by.empty()) out.push_back({path, "only a use `per: call` is by a service"});
      continue;
    }
    if (std::find(services.begin(), services.end(), use.by) == services.end()) {
      out.push_back({path, use.by.empty() ? "`per: call` needs the service that calls, in `by`"
                                          : fmt::format("no service is called '{}'{}", use.by,
                                                        suggestion(use.by, services))});
      continue;
    }
    for (const ServiceParams& s : spec.services)
      if (s.name == use.by && s.discipline == Discipline::kProcessorSharing)
        out.push_back({path, fmt::format("'{}' has no servers that a call could hold: not with "
                                         "discipline: processor_sharing",
                                         use.by)});
    if (needs(spec, use.service, use.by))
      out.push_back({fmt::format("spec.uses[{}].service", i),
                     use.service == use.by
                         ? fmt::format("'{}' would wait for itself", use.by)
                         : fmt::format("'{}' needs '{}' in turn: they would wait for each other",
                                       use.service, use.by)});
  }
}

// Whom a use is for: names that there are, and callers that have them.
void whom(std::vector<Finding>& out, const Spec& spec, std::size_t i) {
  constexpr std::size_t kClassesToldApart = 255;
  const ServiceUseParams& use = spec.uses[i];
  const std::string path = fmt::format("spec.uses[{}].for.", i);
  const auto check = [&](const char* key, const std::vector<std::string>& wanted,
                         const std::vector<std::string>& known, const char* what, bool fits,
                         const char* fitting) {
    if (!wanted.empty() && !fits)
      out.push_back({path + key, fmt::format("only of a use {}", fitting)});
    for (const std::string& name : wanted)
      if (std::find(known.begin(), known.end(), name) == known.end())
        out.push_back({path + key,
                       fmt::format("no {} is called '{}'{}", what, name, suggestion(name, known))});
  };
  const bool of_attempts =
      use.per == UsePer::kRequest || use.per == UsePer::kLogIn || use.per == UsePer::kWork;
  std::vector<std::string> classes = named(spec.clients);
  if (classes.size() > kClassesToldApart) classes.resize(kClassesToldApart);
  check("classes", use.whom.classes, classes, "class of clients", of_attempts,
        "`per: request`, `per: log_in` or `per: work`: others are asked for no client");
  check("pools", use.whom.pools, named(spec.serving.pools), "pool",
        use.per == UsePer::kWork || use.per == UsePer::kStart,
        "`per: work` or `per: start`: others are asked for no pod");
  check("regions", use.whom.regions, named(spec.regions), "region", use.per != UsePer::kCall,
        "that a region makes, not `per: call`");
}

void names(std::vector<Finding>& out, const Spec& spec) {
  const std::vector<std::string> services = named(spec.services), regions = named(spec.regions);
  std::vector<std::string> both = services;
  both.insert(both.end(), regions.begin(), regions.end());
  const auto is_one_of = [](const std::vector<std::string>& known, const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  for (std::size_t i = 0; i < spec.dns.size(); ++i) {
    const DnsNameParams& dns = spec.dns[i];
    const std::string path = fmt::format("spec.dns[{}]", i);
    if (dns.records.empty())
      out.push_back({path + ".records", fmt::format("'{}' has no records: name the regions, or the "
                                                    "service, to which it leads",
                                                    dns.name)});
    for (const std::string& record : dns.records)
      if (!is_one_of(both, record))
        out.push_back({path + ".records", fmt::format("no region or service is called '{}'{}",
                                                      record, suggestion(record, both))});
    const auto services_among =
        std::count_if(dns.records.begin(), dns.records.end(),
                      [&](const std::string& record) { return is_one_of(services, record); });
    if (services_among > 0 && dns.records.size() > 1)
      out.push_back({path + ".records", fmt::format("'{}' leads to regions, or to one service and "
                                                    "nothing else",
                                                    dns.name)});
    if (dns.resolvers.place == ResolverPlace::kClients && services_among > 0)
      out.push_back({path + ".resolvers.place", "clients resolve names of regions only"});
    if (dns.authority.empty()) continue;
    if (!is_one_of(services, dns.authority))
      out.push_back({path + ".authority", fmt::format("no service is called '{}'{}", dns.authority,
                                                      suggestion(dns.authority, services))});
    for (const std::string& record : dns.records)
      if (is_one_of(services, record) && needs(spec, dns.authority, record))
        out.push_back(
            {path + ".authority",
             fmt::format("'{}' needs '{}', whose name it answers for", dns.authority, record)});
  }
}

}  // namespace

std::string fault_of_cache(const Spec& spec, const std::string& use) {
  for (const ServiceUseParams& known : spec.uses)
    if (known.name == use)
      return known.cache.size > 0 ? "" : fmt::format("'{}' keeps no answers: give it a cache", use);
  return fmt::format(
      "no use is called '{}'{}", use,
      spec.uses.empty() ? "; spec.uses has none" : suggestion(use, named(spec.uses)));
}

std::vector<Finding> faults_of_services(const Spec& spec) {
  std::vector<Finding> out;
  told_apart(out, "spec.services", spec.services);
  told_apart(out, "spec.uses", spec.uses);
  told_apart(out, "spec.dns", spec.dns);
  lines(out, spec);
  calls(out, spec);
  names(out, spec);
  places(out, spec);
  if (spec.uses.size() > kMostUses)
    out.push_back({"spec.uses", fmt::format("at most {} are wanted", kMostUses)});
  const std::vector<std::string> services = named(spec.services);
  for (std::size_t i = 0; i < spec.uses.size(); ++i) {
    const ServiceUseParams& use = spec.uses[i];
    const std::string path = fmt::format("spec.uses[{}]", i);
    if (std::find(services.begin(), services.end(), use.service) == services.end())
      out.push_back({path + ".service",
                     services.empty()
                         ? fmt::format("no service is called '{}'; write it into spec.services, "
                                       "such as `services: [{{name: {}}}]`",
                                       use.service, use.service)
                         : fmt::format("no service is called '{}'{}", use.service,
                                       suggestion(use.service, services))});
    whom(out, spec, i);
    if (use.on_failure == OnFailure::kStale && use.cache.size == 0)
      out.push_back({path + ".on_failure",
                     "nothing is kept that could be stale: give it a `cache` with a `size`"});
  }
  return out;
}

std::vector<Finding> doubts_of_services(const Spec& spec) {
  std::vector<Finding> out;
  for (std::size_t i = 0; i < spec.services.size(); ++i)
    if (std::none_of(
            spec.uses.begin(), spec.uses.end(),
            [&](const ServiceUseParams& use) { return use.service == spec.services[i].name; }) &&
        std::none_of(spec.dns.begin(), spec.dns.end(), [&](const DnsNameParams& dns) {
          return dns.authority == spec.services[i].name;
        }))
      out.push_back({fmt::format("spec.services[{}]", i),
                     fmt::format("nobody calls '{}': no entry of spec.uses names it",
                                 spec.services[i].name)});
  return out;
}

}  // namespace stampede
