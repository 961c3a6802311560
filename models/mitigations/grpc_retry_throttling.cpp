// A client process that sees failures stops retrying until enough calls have succeeded.
#include "models/mitigations/retry_overlay.h"

namespace stampede {
namespace grpc_retry_throttling {

struct Params {
  i64 max_tokens = 10;
  double token_ratio = 0.1;
  static void describe(Schema<Params>& s) {
    s.field("max_tokens", &Params::max_tokens)
        .range(1, 1000)
        .help(
            "tokens at the start; each failure takes one, and half of them must be left for a "
            "retry")
        .source("gRFC A6: maxTokens 10 in its example");
    s.field("token_ratio", &Params::token_ratio)
        .range(0.001, 100)
        .help("tokens that a success gives back")
        .source("gRFC A6: tokenRatio 0.1 in its example");
  }
};

const RegisterOverlay<Params> registered{
    {"grpc_retry_throttling",
     MitigationSlot::kBudget,
     "a client process stops retrying once failures outweigh successes",
     "gRFC A6: retryThrottling",
     {Need::kRetries}},
    [](const Params& p) {
      return of_retries({{"budget", "grpc_throttling"},
                         {"budget_cap", std::to_string(p.max_tokens)},
                         {"budget_ratio", std::to_string(p.token_ratio)}});
    }};

}  // namespace grpc_retry_throttling
}  // namespace stampede
