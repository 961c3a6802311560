// A routing change goes out in stages and stops when the first ones lose reachability.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace bgp_canary {

struct Params {
  i64 stages = 4;
  Duration soak = 5_min;
  static void describe(Schema<Params>& s) {
    s.field("stages", &Params::stages).range(2, 64).help("number of stages of a push");
    s.field("soak", &Params::soak).range(1, 86400).help("wait between two stages");
  }
};

const RegisterOverlay<Params> registered{
    {"bgp_canary", MitigationSlot::kRoutingChange, "a routing change goes out in stages",
     "GCE 2016: routing changes went out in stages"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.network.safeguards.canary_stages", std::to_string(p.stages)},
                                {"spec.network.safeguards.canary_soak", print(p.soak)}};
    }};

}  // namespace bgp_canary
}  // namespace stampede
