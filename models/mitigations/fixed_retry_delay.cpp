// Clients wait the same time before each retry: those who failed together come back together.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace fixed_retry_delay {

struct Params {
  i64 attempts = 3;
  Duration delay = 500_ms;
  static void describe(Schema<Params>& s) {
    s.field("attempts", &Params::attempts)
        .range(2, 100)
        .help("most attempts of a request, the first included")
        .source("resilience4j: maxAttempts 3");
    s.field("delay", &Params::delay)
        .range(0, 3600)
        .help("time before each retry")
        .source("resilience4j: waitDuration 500 ms");
  }
};

const RegisterOverlay<Params> registered{
    {"fixed_retry_delay",
     MitigationSlot::kRetryDelay,
     "clients wait the same time before each retry",
     "resilience4j: Retry",
     {Need::kRetries}},
    [](const Params& p) { return of_delays("fixed", p.attempts, p.delay, p.delay); }};

}  // namespace fixed_retry_delay
}  // namespace stampede
