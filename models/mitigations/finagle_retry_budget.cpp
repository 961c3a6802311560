// A client process may retry a share of the requests of the last seconds, and ten a second besides.
// Linkerd's retry budget is the same with the same defaults.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace finagle_retry_budget {

struct Params {
  double ratio = 0.2;
  Duration ttl = 10_s;
  static void describe(Schema<Params>& s) {
    s.field("ratio", &Params::ratio)
        .range(0, 100)
        .help("retries that each request allows")
        .source("Finagle: percentCanRetry 0.2");
    s.field("ttl", &Params::ttl)
        .range(1, 60)
        .help("how long a request counts")
        .source("Finagle: ttl 10 s");
  }
};

const RegisterOverlay<Params> registered{
    {"finagle_retry_budget",
     MitigationSlot::kBudget,
     "retries are limited to a share of the requests of the last seconds",
     "Finagle: RetryBudget",
     {Need::kRetries}},
    [](const Params& p) {
      return of_retries({{"budget", "finagle"},
                         {"budget_ratio", std::to_string(p.ratio)},
                         {"budget_window", print(p.ttl)}});
    }};

}  // namespace finagle_retry_budget
}  // namespace stampede
