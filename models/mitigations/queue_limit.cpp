// A pod refuses work beyond a bound of its queue.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace queue_limit {

struct Params {
  i64 per_pod = 100;
  static void describe(Schema<Params>& s) {
    s.field("per_pod", &Params::per_pod).range(1, 1e6).help("most waiting requests in a pod");
  }
};

const RegisterOverlay<Params> registered{
    {"queue_limit", MitigationSlot::kShed, "a pod with too many waiting requests answers 503",
     "vLLM: --max-num-queued-reqs"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.gateway.max_queue", std::to_string(p.per_pod)}};
    }};

}  // namespace queue_limit
}  // namespace stampede
