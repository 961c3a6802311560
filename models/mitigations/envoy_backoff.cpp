// Clients retry as Envoy's router does: delays are drawn between 0 and an interval that doubles.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace envoy_backoff {

struct Params {
  i64 attempts = 2;
  Duration base = 25_ms;
  Duration cap = 250_ms;
  static void describe(Schema<Params>& s) {
    s.field("attempts", &Params::attempts)
        .range(2, 100)
        .help("most attempts of a request, the first included")
        .source("Envoy: num_retries 1");
    s.field("base", &Params::base)
        .range(0, 3600)
        .help("time from which the delays double")
        .source("Envoy: base_interval 25 ms");
    s.field("cap", &Params::cap)
        .range(0, 86400)
        .help("longest delay")
        .source("Envoy: max_interval, ten times the base");
  }
};

const RegisterOverlay<Params> registered{
    {"envoy_backoff",
     MitigationSlot::kRetryDelay,
     "retries as in Envoy: once, with a delay drawn below 25 ms",
     "Envoy: retry_back_off",
     {Need::kRetries}},
    [](const Params& p) { return of_delays("envoy", p.attempts, p.base, p.cap); }};

}  // namespace envoy_backoff
}  // namespace stampede
