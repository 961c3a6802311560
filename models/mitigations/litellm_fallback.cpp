// All clients ask through a gateway that retries twice and then asks another provider.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace litellm_fallback {

struct Params {
  i64 retries = 2;
  Duration base = 500_ms;
  Duration cap = 8_s;
  Duration jitter = 750_ms;
  static void describe(Schema<Params>& s) {
    s.field("retries", &Params::retries)
        .range(1, 99)
        .help("retries here before the other provider is asked")
        .source("LiteLLM: DEFAULT_MAX_RETRIES 2");
    s.field("base", &Params::base)
        .range(0, 3600)
        .help("time from which the delays double")
        .source("LiteLLM: INITIAL_RETRY_DELAY 0.5");
    s.field("cap", &Params::cap)
        .range(0, 86400)
        .help("longest delay")
        .source("LiteLLM: MAX_RETRY_DELAY 8.0");
    s.field("jitter", &Params::jitter)
        .range(0, 3600)
        .help("uniform random time that is added to each delay and to an obeyed Retry-After")
        .source("LiteLLM: JITTER 0.75");
  }
};

const RegisterOverlay<Params> registered{
    {"litellm_fallback", MitigationSlot::kFallback,
     "all clients ask through a gateway that retries twice, then asks another provider",
     "LiteLLM: Retries, fallbacks and cooldowns"},
    [](const Params& p) {
      auto patches = of_delays("additive_jitter", p.retries + 1, p.base, p.cap);
      for (Patch& patch : of_retries({{"jitter", print(p.jitter)},
                                      {"honour_retry_after", "100%"},
                                      {"retry_after_jitter", print(p.jitter)},
                                      {"retry_after_limit", "60s"}}))
        patches.push_back(std::move(patch));
      patches.push_back({"spec.clients[*].fallback.share", "100%"});
      return patches;
    }};

}  // namespace litellm_fallback
}  // namespace stampede
