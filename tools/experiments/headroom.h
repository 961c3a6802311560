// What it costs to lose a region and go on: the GPUs that the others lack for its load, held all
// the time.
// **Source**: static stability, N / (N - 1) of what N like regions serve (AWS Builders' Library,
//   "Static stability using Availability Zones", 2019), here for regions that are not alike, by
//   what their pods are told to take (endpoint_rate.h).
// **Limits**: load is spec.demand.rate, spread over what is left as if any region could serve any
//   request. A cold cache, retries and what the loss itself brings come on top: runs show those.
#pragma once
#include <string>
#include <vector>

#include "tools/world/scenario.h"

namespace stampede {

struct Headroom {
  std::string lost;      // name of the region
  double asked = 0;      // requests/s of the whole service
  double left = 0;       // requests/s that the other regions can serve
  double gpus = 0;       // of all regions' pods, as they are
  double more_gpus = 0;  // that the others need, in whole pods' worth of their mixture
  double more_a_day() const { return 24 * more_gpus; }  // GPU-hours
};

// A row for each region that serves something, at the scenario's own scale.
std::vector<Headroom> headroom(const Spec& spec);

}  // namespace stampede
