// A session stays with the pod that its hash falls to, whatever that one has to do.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace ring_hash {

struct Params {
  i64 points = 100;
  static void describe(Schema<Params>& s) {
    s.field("points", &Params::points)
        .range(1, 10000)
        .help("points of each pod on the ring; Envoy has 1024 over all hosts at least");
  }
};

const RegisterOverlay<Params> registered{
    {"ring_hash",
     MitigationSlot::kPick,
     "each session stays with the pod that its hash falls to",
     "Envoy: RING_HASH",
     {Need::kReplicas}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.replica_choice.policy", "session_affinity"},
                                {"spec.replica_choice.balance_factor", "0"},
                                {"spec.replica_choice.ring_points", std::to_string(p.points)}};
    }};

}  // namespace ring_hash
}  // namespace stampede
