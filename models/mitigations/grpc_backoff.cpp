// Clients retry as gRPC does: an exponential delay, 20 % up or down, five attempts at most.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace grpc_backoff {

struct Params {
  i64 attempts = 4;
  Duration base = 100_ms;
  Duration cap = 1_s;
  static void describe(Schema<Params>& s) {
    s.field("attempts", &Params::attempts)
        .range(2, 100)
        .help("most attempts of a request, the first included")
        .source("gRFC A6: maxAttempts 4 in its example, never more than 5");
    s.field("base", &Params::base)
        .range(0, 3600)
        .help("time from which the delays double")
        .source("gRFC A6: initialBackoff 0.1 s in its example");
    s.field("cap", &Params::cap)
        .range(0, 86400)
        .help("longest delay")
        .source("gRFC A6: maxBackoff 1 s in its example");
  }
};

const RegisterOverlay<Params> registered{
    {"grpc_backoff",
     MitigationSlot::kRetryDelay,
     "retries as in gRPC: an exponential delay, 20 % up or down",
     "gRFC A6",
     {Need::kRetries}},
    [](const Params& p) { return of_delays("grpc", p.attempts, p.base, p.cap); }};

}  // namespace grpc_backoff
}  // namespace stampede
