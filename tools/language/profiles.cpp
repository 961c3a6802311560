#include "tools/language/profiles.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/language/effective.h"

namespace stampede {
namespace {

void set_leaves(YamlLoader& loader, const YamlNode& node, const std::string& path,
                const std::string& origin) {
  for (const auto& [key, value] : node.entries) {
    const std::string below = path + "." + key->text;
    if (value->kind == YamlNode::Kind::kMapping)
      set_leaves(loader, *value, below, origin);
    else if (!loader.says(below))
      loader.set({below, value->text, origin});
  }
}

void apply_profile(YamlLoader& loader, const std::string& name, const std::string& path) {
  const auto found = serving_profiles().find(name);
  if (found == serving_profiles().end()) {
    std::vector<std::string> known;
    for (const auto& [each, text] : serving_profiles()) known.push_back(each);
    loader.fault(path + ".profile",
                 fmt::format("no profile is named '{}'{}", name, suggestion(name, known)));
    return;
  }
  const YamlPtr root = parse_yaml({"profile " + name, found->second});
  set_leaves(loader, *root, path, "profile " + name);
}

constexpr const char* kBgp = "spec.network.bgp";

}  // namespace

bool names_profile(const std::string& path) {
  if (path == kBgp + std::string(".profile")) return true;
  return path.starts_with("spec.serving.pools") && path.ends_with(".profile");
}

void apply_profiles(YamlLoader& loader, const ServingParams& serving, const std::string& path) {
  for (std::size_t i = 0; i < serving.pools.size(); ++i)
    if (!serving.pools[i].profile.empty())
      apply_profile(loader, serving.pools[i].profile, fmt::format("{}.pools[{}]", path, i));
}

void apply_own_profiles(YamlLoader& loader, const ServingParams& serving, const std::string& path) {
  for (std::size_t i = 0; i < serving.pools.size(); ++i)
    if (const std::string pool = fmt::format("{}.pools[{}]", path, i);
        loader.says(pool + ".profile") && !serving.pools[i].profile.empty())
      apply_profile(loader, serving.pools[i].profile, pool);
}

void apply_bgp_profile(YamlLoader& loader, const BgpParams& bgp) {
  if (bgp.profile == BgpProfile::kNone) return;
  const BgpParams usual, measured = BgpParams::of(bgp.profile);
  const auto before = effective(type_of<BgpParams>(), &usual);
  const auto values = effective(type_of<BgpParams>(), &measured);
  for (const auto& [key, value] : values.items()) {
    const std::string path = fmt::format("{}.{}", kBgp, key);
    if (key == "profile" || value == before.at(key) || loader.says(path)) continue;
    loader.set({path, value.is_string() ? value.get<std::string>() : value.dump(),
                fmt::format("profile {}", name_of(bgp.profile))});
  }
}

}  // namespace stampede
