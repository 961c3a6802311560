// All clients ask through a gateway that retries five times, 1 to 16 s apart, and then asks another
// provider whatever the answer was.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace portkey_fallback {

struct Params {
  i64 retries = 5;
  Duration base = 1_s;
  Duration longest_wait = 60_s;
  static void describe(Schema<Params>& s) {
    s.field("retries", &Params::retries)
        .range(1, 99)
        .help("retries here before the other provider is asked")
        .source("Portkey: automatic retries, up to 5");
    s.field("base", &Params::base)
        .range(0, 3600)
        .help("time before the first retry; it doubles with each");
    s.field("longest_wait", &Params::longest_wait)
        .range(0, 86400)
        .help("longest Retry-After that is obeyed; a longer one ends the retries")
        .source("Portkey: automatic retries, 60 s");
  }
};

const RegisterOverlay<Params> registered{
    {"portkey_fallback", MitigationSlot::kFallback,
     "all clients ask through a gateway that retries five times, then asks another provider",
     "Portkey: automatic retries, fallbacks"},
    [](const Params& p) {
      auto patches = of_delays("exponential", p.retries + 1, p.base, p.longest_wait);
      for (Patch& patch : of_retries({{"honour_retry_after", "100%"},
                                      {"retry_after_jitter", "0s"},
                                      {"retry_after_limit", print(p.longest_wait)},
                                      {"beyond_limit", "give_up"}}))
        patches.push_back(std::move(patch));
      patches.push_back({"spec.clients[*].fallback.share", "100%"});
      return patches;
    }};

}  // namespace portkey_fallback
}  // namespace stampede
