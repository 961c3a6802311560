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

void places(std::vector<Finding>& out, const Spec& spec) {
  const std::vector<std::string> regions = named(spec.regions);
  for (std::size_t i = 0; i < spec.services.size(); ++i) {
    const ServiceParams& s = spec.services[i];
    const std::string path = fmt::format("spec.services[{}].region", i);
    if (s.region.empty()) continue;
    if (std::find(regions.begin(), regions.end(), s.region) == regions.end())
      out.push_back({path, fmt::format("no region is called '{}'{}", s.region,
                                       suggestion(s.region, regions))});
    if (s.in_each_region) out.push_back({path, "`region` or `in_each_region`, not both"});
  }
}

}  // namespace

std::vector<Finding> faults_of_services(const Spec& spec) {
  std::vector<Finding> out;
  told_apart(out, "spec.services", spec.services);
  told_apart(out, "spec.uses", spec.uses);
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
    if (use.on_failure == OnFailure::kStale && use.cache.size == 0)
      out.push_back({path + ".on_failure",
                     "nothing is kept that could be stale: give it a `cache` with a `size`"});
  }
  return out;
}

std::vector<Finding> doubts_of_services(const Spec& spec) {
  std::vector<Finding> out;
  for (std::size_t i = 0; i < spec.services.size(); ++i)
    if (std::none_of(spec.uses.begin(), spec.uses.end(), [&](const ServiceUseParams& use) {
          return use.service == spec.services[i].name;
        }))
      out.push_back({fmt::format("spec.services[{}]", i),
                     fmt::format("nobody calls '{}': no entry of spec.uses names it",
                                 spec.services[i].name)});
  return out;
}

}  // namespace stampede
