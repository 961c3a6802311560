// A client that leaves makes the server stop.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace cancel_on_timeout {

struct Params {
  Share share{1.0};
  static void describe(Schema<Params>& s) {
    s.field("share", &Params::share)
        .range(0, 1)
        .help("share of the time-outs whose cancellation reaches the server");
  }
};

const RegisterOverlay<Params> registered{
    {"cancel_on_timeout",
     MitigationSlot::kDeadline,
     "a client's time-out cancels its attempt on the server",
     "vLLM: aborts a request when its client disconnects",
     {Need::kTimeLimits}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.clients[*].cancel_on_timeout", print(p.share)}};
    }};

}  // namespace cancel_on_timeout
}  // namespace stampede
