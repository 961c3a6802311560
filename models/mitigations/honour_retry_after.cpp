// Refused clients wait as long as the answer says, and a random time more.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace honour_retry_after {

struct Params {
  Share share{1};
  Duration jitter = 1_s;
  Duration limit = 1_min;
  static void describe(Schema<Params>& s) {
    s.field("share", &Params::share).range(0, 1).help("share of refused attempts that obey");
    s.field("jitter", &Params::jitter)
        .range(0, 3600)
        .help("uniform random time that is added; clients of gRPC and OpenAI add none");
    s.field("limit", &Params::limit)
        .range(0, 86400)
        .help("longest Retry-After that is obeyed")
        .source("OpenAI SDK: 60 s; Portkey: 60 s");
  }
};

const RegisterOverlay<Params> registered{
    {"honour_retry_after",
     MitigationSlot::kRetryDelay,
     "refused clients wait as long as the answer's Retry-After says",
     "RFC 9110: Retry-After",
     {Need::kRetries, Need::kRetryAfter}},
    [](const Params& p) {
      return of_retries({{"honour_retry_after", print(p.share)},
                         {"retry_after_jitter", print(p.jitter)},
                         {"retry_after_limit", print(p.limit)}});
    }};

}  // namespace honour_retry_after
}  // namespace stampede
