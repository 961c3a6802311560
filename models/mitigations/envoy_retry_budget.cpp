// A client process, or the proxy that stands for it, has no more retries under way than a share of
// its requests under way.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace envoy_retry_budget {

struct Params {
  Share budget_percent{0.2};
  i64 min_retry_concurrency = 3;
  static void describe(Schema<Params>& s) {
    s.field("budget_percent", &Params::budget_percent)
        .range(0, 1)
        .help("retries under way at most, as a share of the requests under way")
        .source("Envoy: budget_percent 20 %");
    s.field("min_retry_concurrency", &Params::min_retry_concurrency)
        .range(0, 1e6)
        .help("retries under way that are always allowed, however few requests are")
        .source("Envoy: min_retry_concurrency 3");
  }
};

const RegisterOverlay<Params> registered{
    {"envoy_retry_budget",
     MitigationSlot::kBudget,
     "retries under way are limited to a share of the requests under way",
     "Envoy: retry_budget",
     {Need::kRetries}},
    [](const Params& p) {
      return of_retries({{"budget", "envoy"},
                         {"budget_ratio", std::to_string(p.budget_percent.value)},
                         {"budget_least", std::to_string(p.min_retry_concurrency)}});
    }};

}  // namespace envoy_retry_budget
}  // namespace stampede
