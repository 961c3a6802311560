// A session stays with its pod while that one has no more than its bound; then the next on the ring
// takes it.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace bounded_load_hash {

struct Params {
  double factor = 1.25;
  static void describe(Schema<Params>& s) {
    s.field("factor", &Params::factor)
        .range(1, 100)
        .help("most attempts in flight of a pod, as a multiple of the mean")
        .source("Envoy: hash_balance_factor, 100 or more; Mirrokni 2016: 1.25");
  }
};

const RegisterOverlay<Params> registered{
    {"bounded_load_hash",
     MitigationSlot::kPick,
     "each session stays with its pod up to a bound on the load",
     "Mirrokni 2016; Envoy: hash_balance_factor",
     {Need::kReplicas}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.replica_choice.policy", "session_affinity"},
                                {"spec.replica_choice.balance_factor", std::to_string(p.factor)},
                                {"spec.replica_choice.ring_points", "100"}};
    }};

}  // namespace bounded_load_hash
}  // namespace stampede
