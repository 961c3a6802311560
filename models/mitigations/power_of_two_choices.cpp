// Of two pods drawn at random an attempt goes to the one with fewer in flight.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace power_of_two_choices {

const RegisterOverlay<NoOverlayParams> registered{
    {"power_of_two_choices",
     MitigationSlot::kPick,
     "of two pods drawn at random the one with fewer attempts in flight is picked",
     "Envoy: LEAST_REQUEST with choice_count 2; Mitzenmacher 2001",
     {Need::kReplicas}},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.replica_choice.policy", "power_of_two"}};
    }};

}  // namespace power_of_two_choices
}  // namespace stampede
