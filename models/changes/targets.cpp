#include "models/changes/targets.h"

#include <algorithm>
#include <utility>

namespace stampede {

std::vector<RegionId> regions_in(const Scene& scene, const RegionTarget& target) {
  std::vector<RegionId> found;
  for (std::size_t r = 0; r < scene.regions.size(); ++r)
    if ((target.region.empty() || scene.regions[r] == target.region) &&
        (target.site.empty() || scene.sites.at(r) == target.site))
      found.push_back(static_cast<RegionId>(r));
  return found;
}

namespace {

struct Drawn {
  RegionId region;
  u32 what;
  double luck;
};

// The first `n` by their draw.
void keep(std::vector<Drawn>& all, std::size_t n) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Drawn& a, const Drawn& b) { return a.luck < b.luck; });
  if (all.size() > n) all.resize(n);
}

void keep(std::vector<Drawn>& all, Share share) {
  keep(all, static_cast<std::size_t>(share.value * static_cast<double>(all.size()) + 0.5));
}

// Those of each region that a target's share leaves, then of all those that its count leaves.
// `collect(region, here)` lists what fits.
template <class Target, class Collect>
std::vector<Drawn> drawn(const Scene& scene, const Target& target, Collect&& collect) {
  std::vector<Drawn> all;
  for (const RegionId r : regions_in(scene, {target.region, target.site})) {
    std::vector<Drawn> here;
    collect(r, here);
    if (target.share) keep(here, *target.share);
    all.insert(all.end(), here.begin(), here.end());
  }
  if (target.count) keep(all, static_cast<std::size_t>(*target.count));
  std::sort(all.begin(), all.end(), [](const Drawn& a, const Drawn& b) {
    return std::pair(a.region, a.what) < std::pair(b.region, b.what);
  });
  return all;
}

}  // namespace

std::map<RegionId, std::vector<PodId>> pods_in(const Scene& scene, const PodTarget& target) {
  std::map<RegionId, std::vector<PodId>> found;
  for (const Drawn& d : drawn(scene, target, [&](RegionId r, std::vector<Drawn>&here) {
         for (const PodPlace& place : scene.pods[r]->serving())
           if ((target.pool.empty() || scene.pools[place.workload] == target.pool) &&
               (!target.zone || *target.zone == scene.nodes[r]->zone_of(place.node)) &&
               target.node.value_or(place.node) == place.node &&
               target.pod.value_or(place.pod) == place.pod)
             here.push_back({r, place.pod, uniform(draw(scene.draws, r, place.pod))});
       }))
    found[d.region].push_back(d.what);
  return found;
}

std::map<RegionId, std::vector<u32>> nodes_in(const Scene& scene, const NodeTarget& target) {
  std::map<RegionId, std::vector<u32>> found;
  for (const Drawn& d : drawn(scene, target, [&](RegionId r, std::vector<Drawn>&here) {
         for (u32 n = 0; n < scene.nodes[r]->nodes(); ++n)
           if (target.node.value_or(n) == n &&
               (!target.zone || *target.zone == scene.nodes[r]->zone_of(n)))
             here.push_back({r, n, uniform2(draw(scene.draws, r, n))});
       }))
    found[d.region].push_back(d.what);
  return found;
}

}  // namespace stampede
