// A region whose capacity has fallen passes a part of its traffic on, in proportion to what it
// lacks.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace priority_failover {

const RegisterOverlay<NoOverlayParams> registered{
    {"priority_failover",
     MitigationSlot::kFallback,
     "a region with less than 1/1.4 of its capacity passes a part of its traffic on",
     "Envoy: priority levels, overprovisioning factor 1.4",
     {Need::kRegions}},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.balancer.rule", "priority"}};
    }};

}  // namespace priority_failover
}  // namespace stampede
