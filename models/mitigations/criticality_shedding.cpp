// While a pool is saturated its gateway turns away those of low priority; the others go on.
#include <fmt/format.h>

#include "models/mitigations/overlay.h"

namespace stampede {
namespace criticality_shedding {

struct Params {
  i64 shed_from = 1;
  double queue_depth = 5;
  static void describe(Schema<Params>& s) {
    s.field("shed_from", &Params::shed_from)
        .range(-8, 8)
        .help("first priority that is turned away, and all beyond it; lower goes first")
        .source("GIE: requests of negative priority are sheddable, here those of 1 and more");
    s.field("queue_depth", &Params::queue_depth)
        .range(0.001, 1e6)
        .help("waiting requests at which a pod counts as saturated")
        .source("GIE: DefaultQueueDepthThreshold of 5");
  }
};

const RegisterOverlay<Params> registered{
    {"criticality_shedding",
     MitigationSlot::kShed,
     "a saturated pool's gateway turns away requests of low priority",
     "SRE book: chapter 21, criticality; GIE",
     {Need::kUnequalPriorities}},
    [](const Params& p) {
      const std::string at = "spec.gateway.flow_control.";
      return std::vector<Patch>{{at + "when_saturated", "shed"},
                                {at + "shed_from", std::to_string(p.shed_from)},
                                {at + "queue_depth", fmt::format("{}", p.queue_depth)}};
    }};

}  // namespace criticality_shedding
}  // namespace stampede
