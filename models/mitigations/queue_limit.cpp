// A pod refuses work beyond a bound of its queue.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace {

struct Params {
  i64 per_pod = 100;
  static void describe(Schema<Params>& s) {
    s.field("per_pod", &Params::per_pod).range(1, 1e6).help("waiting requests");
  }
};

const RegisterOverlay<Params> registered{
    "queue_limit", "503 beyond so many waiting requests in a pod",
    "vLLM --max-num-queued-reqs (2026)", [](const Params& p) {
      return std::vector<Patch>{{"spec.gateway.max_queue", std::to_string(p.per_pod)}};
    }};

}  // namespace
}  // namespace stampede
