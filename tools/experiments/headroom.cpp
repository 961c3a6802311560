#include "tools/experiments/headroom.h"

#include <cmath>

#include "tools/world/region_spec.h"
#include "tools/world/scale.h"

namespace stampede {
namespace {

struct Serving {
  double rate = 0, gpus = 0;
};

Serving serving_of(const Spec& spec, std::size_t region) {
  Serving sum;
  const RegionSpec own = region_spec(spec, region);
  for (std::size_t k = 0; k < own.rate_per_endpoint.size(); ++k) {
    const double pods = spec.regions[region].pools[k].replicas;
    sum.rate += pods * own.rate_per_endpoint[k];
    sum.gpus += pods * spec.gpus_per_pod(region, k);
  }
  return sum;
}

}  // namespace

std::vector<Headroom> headroom(const Spec& original) {
  const Spec spec = scaled(original);
  std::vector<Serving> regions;
  Serving all;
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    regions.push_back(serving_of(spec, r));
    all.rate += regions[r].rate;
    all.gpus += regions[r].gpus;
  }
  std::vector<Headroom> rows;
  for (std::size_t r = 0; r < regions.size(); ++r) {
    Headroom row{spec.regions[r].name, spec.demand.rate.per_second, all.rate - regions[r].rate,
                 all.gpus, 0};
    if (regions[r].rate <= 0 || row.left <= 0) continue;
    const double lacking = row.asked / row.left - 1;
    if (lacking > 0) row.more_gpus = std::ceil(lacking * (all.gpus - regions[r].gpus) - 1e-9);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace stampede
