// Routers take a pushed policy back by themselves unless it is confirmed in time.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace bgp_commit_confirmed {

struct Params {
  Duration within = 60_s;
  static void describe(Schema<Params>& s) {
    s.field("within", &Params::within)
        .range(1, 86400)
        .help("time in which the push must be confirmed");
  }
};

const RegisterOverlay<Params> registered{
    {"bgp_commit_confirmed", MitigationSlot::kRoutingChange,
     "a routing change rolls back unless confirmed", "Junos: commit confirmed, 10 min by default"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.network.safeguards.commit_confirmed", print(p.within)}};
    }};

}  // namespace bgp_commit_confirmed
}  // namespace stampede
