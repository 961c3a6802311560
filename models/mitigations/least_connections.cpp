// An attempt goes to the pod with the fewest in flight, over all of them.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace least_connections {

const RegisterOverlay<NoOverlayParams> registered{
    {"least_connections",
     MitigationSlot::kPick,
     "of all pods the one with the fewest attempts in flight is picked",
     "nginx: least_conn; HAProxy: leastconn",
     {Need::kReplicas}},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.replica_choice.policy", "least_request"}};
    }};

}  // namespace least_connections
}  // namespace stampede
