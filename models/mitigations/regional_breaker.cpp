// Breakers open by region instead of globally.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace regional_breaker {

const RegisterOverlay<NoOverlayParams> registered{
    {"regional_breaker",
     MitigationSlot::kSafety,
     "each region has a breaker of its own",
     "",
     {Need::kRegions}},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.safety.scope", "region"}};
    }};

}  // namespace regional_breaker
}  // namespace stampede
