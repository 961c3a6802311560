#include "tools/language/profiles.h"

#include <fmt/format.h>

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

}  // namespace

bool names_profile(const std::string& path) {
  return path.starts_with("spec.serving.pools") && path.ends_with(".profile");
}

void apply_profiles(YamlLoader& loader, const ServingParams& serving) {
  std::vector<std::string> known;
  for (const auto& [name, text] : serving_profiles()) known.push_back(name);
  for (std::size_t i = 0; i < serving.pools.size(); ++i) {
    const std::string name = serving.pools[i].profile;
    if (name.empty()) continue;
    const std::string path = fmt::format("spec.serving.pools[{}]", i);
    const auto found = serving_profiles().find(name);
    if (found == serving_profiles().end()) {
      loader.fault(path + ".profile",
                   fmt::format("no profile is named '{}'{}", name, suggestion(name, known)));
      continue;
    }
    const YamlPtr root = parse_yaml({"profile " + name, found->second});
    set_leaves(loader, *root, path, "profile " + name);
  }
}

}  // namespace stampede
