// The balancer sends a region no more foreign traffic than a share of its capacity.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace glb_spillover_cap {

struct Params {
  Share cap{0.3};
  static void describe(Schema<Params>& s) {
    s.field("cap", &Params::cap)
        .range(0, 1)
        .help("share of a region's capacity that traffic from other regions may use");
  }
};

const RegisterOverlay<Params> registered{
    {"glb_spillover_cap",
     MitigationSlot::kLimit,
     "traffic from other regions is limited to a share of a region's capacity",
     "Google serviceLbPolicy: capacities of regions, the share is assumed",
     {Need::kRegions}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.balancer.spill_cap", print(p.cap)}};
    }};

}  // namespace glb_spillover_cap
}  // namespace stampede
