// Clients retry as the SDKs of OpenAI do: an exponential delay, up to a quarter less.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace openai_sdk_backoff {

struct Params {
  i64 attempts = 3;
  Duration base = 500_ms;
  Duration cap = 8_s;
  static void describe(Schema<Params>& s) {
    s.field("attempts", &Params::attempts)
        .range(2, 100)
        .help("most attempts of a request, the first included")
        .source("OpenAI SDK: DEFAULT_MAX_RETRIES 2");
    s.field("base", &Params::base)
        .range(0, 3600)
        .help("time from which the delays double")
        .source("OpenAI SDK: INITIAL_RETRY_DELAY 0.5 s");
    s.field("cap", &Params::cap)
        .range(0, 86400)
        .help("longest delay")
        .source("OpenAI SDK: MAX_RETRY_DELAY 8 s");
  }
};

const RegisterOverlay<Params> registered{
    {"openai_sdk_backoff",
     MitigationSlot::kRetryDelay,
     "retries as in OpenAI's SDK: an exponential delay, up to a quarter less",
     "OpenAI SDK",
     {Need::kRetries}},
    [](const Params& p) { return of_delays("openai_2026", p.attempts, p.base, p.cap); }};

}  // namespace openai_sdk_backoff
}  // namespace stampede
