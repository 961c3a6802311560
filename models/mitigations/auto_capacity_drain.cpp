// A region most of whose servers fail their health checks gets no new clients.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace auto_capacity_drain {

struct Params {
  Share below{0.25};
  static void describe(Schema<Params>& s) {
    s.field("below", &Params::below)
        .range(0, 1)
        .help("share of well servers below which a region is drained")
        .source("Google serviceLbPolicy: autoCapacityDrain, 25 %");
  }
};

const RegisterOverlay<Params> registered{
    {"auto_capacity_drain",
     MitigationSlot::kSafety,
     "a region with few well servers gets no new clients",
     "Google serviceLbPolicy: autoCapacityDrain",
     {Need::kRegions}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.balancer.health_checks.region_below", print(p.below)}};
    }};

}  // namespace auto_capacity_drain
}  // namespace stampede
