// When most servers of a pool seem unwell, checks are not believed and all are used.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace health_panic {

struct Params {
  Share below{0.5};
  static void describe(Schema<Params>& s) {
    s.field("below", &Params::below)
        .range(0, 1)
        .help("share of well servers below which all of a pool count as well")
        .source("Envoy: healthy_panic_threshold 50 %");
  }
};

const RegisterOverlay<Params> registered{
    {"health_panic",
     MitigationSlot::kSafety,
     "when most servers seem unwell all are used, and clients stay at home",
     "Envoy: panic threshold; Route 53: if all are unhealthy, all count as healthy",
     {Need::kReplicas}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.balancer.health_checks.panic_below", print(p.below)},
                                {"spec.balancer.panic", "true"}};
    }};

}  // namespace health_panic
}  // namespace stampede
