#include "tools/world/replaced.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/mitigations/mechanism.h"
#include "tools/world/needs.h"

namespace stampede {
namespace replaced {

constexpr const char* kAll = "[*]";

// What one mitigation decides: parameters that it sets, and the place of those that it replaces.
struct Claims {
  std::string name;
  std::vector<Patch> patches;
  std::string instead_of;  // a path; empty: of none
};

Claims claims_of(const SelectionOf<MitigationTag>& chosen, const Spec& spec) {
  Claims claims;
  claims.name = chosen.name;
  if (const auto overlay = overlays().find(chosen.name); overlay != overlays().end())
    for (const Patch& patch : overlay->second(chosen.params.get()))
      for (Patch& one : patches_for(patch, spec.clients)) claims.patches.push_back(std::move(one));
  if (const auto place = instead_of().find(chosen.name); place != instead_of().end())
    claims.instead_of = place->second;
  return claims;
}

// Whether one path is the other, or lies within it; [*] is any element.
bool meet(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i] == '[' && b[j] == '[') {
      const std::size_t to_a = a.find(']', i) + 1, to_b = b.find(']', j) + 1;
      const std::string of_a = a.substr(i, to_a - i), of_b = b.substr(j, to_b - j);
      if (of_a != of_b && of_a != kAll && of_b != kAll) return false;
      i = to_a;
      j = to_b;
    } else if (a[i++] != b[j++]) {
      return false;
    }
  }
  const auto ends = [](const std::string& text, std::size_t at) {
    return at == text.size() || text[at] == '.' || text[at] == '[';
  };
  return ends(a, i) && ends(b, j);
}

// Whether nothing is left of a patch after a later one.
bool lost(const Patch& patch, const Patch& later) {
  if (!meet(patch.path, later.path)) return false;
  if (later.times != 0) return false;  // it multiplies what it finds
  return patch.times != 0 || patch.path != later.path || patch.value != later.value;
}

// Paths of `earlier` that `later` sets otherwise, with [*] for the elements of lists.
std::set<std::string> lost_paths(const Claims& earlier, const Claims& later, std::size_t& patches) {
  std::set<std::string> paths;
  patches = 0;
  for (const Patch& patch : earlier.patches) {
    if (std::none_of(later.patches.begin(), later.patches.end(),
                     [&](const Patch& other) { return lost(patch, other); }))
      continue;
    ++patches;
    std::string path = patch.path;
    for (std::size_t at = 0; (at = path.find('[', at)) != std::string::npos; ++at)
      path.replace(at, path.find(']', at) + 1 - at, kAll);
    paths.insert(std::move(path));
  }
  return paths;
}

std::string by_value(const Claims& earlier, const Claims& later) {
  std::size_t patches = 0;
  const std::set<std::string> paths = lost_paths(earlier, later, patches);
  if (paths.empty()) return "";
  const std::string more =
      paths.size() > 1 ? fmt::format(" and {} more", paths.size() - 1) : std::string();
  return fmt::format("'{}' is {}replaced by '{}': both set {}{}, and the later one stands",
                     earlier.name, patches < earlier.patches.size() ? "partly " : "", later.name,
                     *paths.begin(), more);
}

// Whichever comes first: what stands instead of parameters does not look at them.
std::string by_place(const Claims& set, const Claims& stands) {
  if (stands.instead_of.empty()) return "";
  for (const Patch& patch : set.patches)
    if (meet(patch.path, stands.instead_of))
      return fmt::format("'{}' is replaced by '{}', which stands instead of {}", set.name,
                         stands.name, stands.instead_of);
  return "";
}

}  // namespace replaced

std::vector<Patch> patches_for(const Patch& patch, const std::vector<ClientClassParams>& clients) {
  if (patch.clients == PatchedClients::kAll) return {patch};
  std::vector<Patch> patches;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (!retries(clients[i])) continue;
    Patch one = patch;
    one.path.replace(one.path.find(replaced::kAll), std::string(replaced::kAll).size(),
                     fmt::format("[{}]", i));
    patches.push_back(std::move(one));
  }
  return patches;
}

std::vector<Replaced> replaced_mitigations(const Spec& spec, std::size_t first) {
  std::vector<replaced::Claims> all;
  for (const auto& chosen : spec.mitigations) all.push_back(replaced::claims_of(chosen, spec));
  std::vector<Replaced> found;
  for (std::size_t k = first; k < all.size(); ++k)
    for (std::size_t other = first; other < all.size(); ++other) {
      if (other == k) continue;
      std::string why = replaced::by_place(all[k], all[other]);
      if (why.empty() && other > k) why = replaced::by_value(all[k], all[other]);
      if (why.empty()) continue;
      found.push_back({k, std::move(why)});
      break;
    }
  return found;
}

std::optional<std::string> no_set(const Spec& spec, std::size_t of_the_scenario) {
  const std::vector<Replaced> found = replaced_mitigations(spec, of_the_scenario);
  if (found.empty()) return std::nullopt;
  return found.front().why;
}

}  // namespace stampede
