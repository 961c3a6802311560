#include "models/changes/targets.h"

#include <algorithm>
#include <utility>

namespace stampede {

std::vector<RegionId> regions_in(const Scene& scene, const RegionTarget& target) {
  std::vector<RegionId> found;
  for (std::size_t r = 0; r < scene.regions.size(); ++r)
    if (target.region.empty() || scene.regions[r] == target.region)
      found.push_back(static_cast<RegionId>(r));
  return found;
}

namespace {

struct Drawn {
  PodAt at;
  double luck;
};

// The first `n` by their draw.
void keep(std::vector<Drawn>& pods, std::size_t n) {
  std::stable_sort(pods.begin(), pods.end(),
                   [](const Drawn& a, const Drawn& b) { return a.luck < b.luck; });
  if (pods.size() > n) pods.resize(n);
}

}  // namespace

std::vector<PodAt> pods_in(const Scene& scene, const PodTarget& target) {
  std::vector<Drawn> all;
  for (const RegionId r : regions_in(scene, {target.region})) {
    std::vector<Drawn> here;
    for (const PodPlace& place : scene.pods[r]->serving())
      if ((target.pool.empty() || scene.pools[place.workload] == target.pool) &&
          target.node.value_or(place.node) == place.node &&
          target.pod.value_or(place.pod) == place.pod)
        here.push_back({{r, place.pod}, uniform(draw(scene.draws, r, place.pod))});
    if (target.share)
      keep(here,
           static_cast<std::size_t>(target.share->value * static_cast<double>(here.size()) + 0.5));
    all.insert(all.end(), here.begin(), here.end());
  }
  if (target.count) keep(all, static_cast<std::size_t>(*target.count));
  std::vector<PodAt> found;
  for (const Drawn& d : all) found.push_back(d.at);
  std::sort(found.begin(), found.end(), [](const PodAt& a, const PodAt& b) {
    return std::pair(a.region, a.pod) < std::pair(b.region, b.pod);
  });
  return found;
}

}  // namespace stampede
