// Clients retry as AWS SDKs do since 2026: full jitter, a base of its own for throttling (20 times
// that of other errors), and a quota of tokens that retries take and successes give back.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace aws_standard_retries {

struct Params {
  i64 attempts = 3;
  Duration base = 50_ms;
  Duration cap = 20_s;
  i64 quota = 500;
  static void describe(Schema<Params>& s) {
    s.field("attempts", &Params::attempts)
        .range(2, 100)
        .help("most attempts of a request, the first included")
        .source("AWS SDK: standard mode, 3");
    s.field("base", &Params::base)
        .range(0, 3600)
        .help("time from which the delays double; after a 429 20 times as much")
        .source("AWS SDK: standard mode of 2026, 50 ms and 1 s");
    s.field("cap", &Params::cap)
        .range(0, 86400)
        .help("longest delay")
        .source("AWS SDK: standard mode, 20 s");
    s.field("quota", &Params::quota)
        .range(1, 1e6)
        .help("tokens of a client process: a retry takes 14, after a 429 5")
        .source("AWS SDK: 500");
  }
};

const RegisterOverlay<Params> registered{
    {"aws_standard_retries",
     MitigationSlot::kRetryDelay,
     "retries as in AWS SDKs: full jitter, and a quota that retries take from",
     "AWS SDK: standard mode of 2026",
     {Need::kRetries}},
    [](const Params& p) {
      auto patches = of_delays("aws_standard_2026", p.attempts, p.base, p.cap);
      for (Patch& patch :
           of_retries({{"budget", "aws_quota"}, {"budget_cap", std::to_string(p.quota)}}))
        patches.push_back(std::move(patch));
      return patches;
    }};

}  // namespace aws_standard_retries
}  // namespace stampede
