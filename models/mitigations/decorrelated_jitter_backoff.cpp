// Each delay is drawn between the base and three times the delay before it.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace decorrelated_jitter_backoff {

struct Params {
  i64 attempts = 3;
  Duration base = 1_s;
  Duration cap = 20_s;
  static void describe(Schema<Params>& s) {
    s.field("attempts", &Params::attempts)
        .range(2, 100)
        .help("most attempts of a request, the first included")
        .source("AWS SDK: standard mode, 3");
    s.field("base", &Params::base)
        .range(0, 3600)
        .help("time from which the delays double")
        .source("AWS SDK: standard mode, 1 s");
    s.field("cap", &Params::cap)
        .range(0, 86400)
        .help("longest delay")
        .source("AWS SDK: standard mode, 20 s");
  }
};

const RegisterOverlay<Params> registered{
    {"decorrelated_jitter_backoff",
     MitigationSlot::kRetryDelay,
     "each retry delay is drawn between the base and three times the one before",
     "AWS jitter: \"decorrelated jitter\"",
     {Need::kRetries}},
    [](const Params& p) { return of_delays("decorrelated", p.attempts, p.base, p.cap); }};

}  // namespace decorrelated_jitter_backoff
}  // namespace stampede
