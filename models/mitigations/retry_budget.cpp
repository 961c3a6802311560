// Retries are bounded by a share of the requests that succeed.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace {

struct Params {
  double ratio = 0.1;
  i64 burst = 5;
  static void describe(Schema<Params>& s) {
    s.field("ratio", &Params::ratio)
        .range(0, 100)
        .help("retries earned by a success")
        .source("SRE book: at most 10 %; Brooker's simulator 0.1");
    s.field("burst", &Params::burst)
        .range(1, 1e6)
        .help("retries saved up at most, by class and home region")
        .source("Brooker's simulator 5");
  }
};

const RegisterOverlay<Params> registered{
    "retry_budget", "a token bucket bounds automatic retries by a share of the successes",
    "Brooker, Fixing retries with token buckets (2022); SRE book ch. 21", [](const Params& p) {
      return std::vector<Patch>{{"spec.clients[*].retry.budget", "token_bucket"},
                                {"spec.clients[*].retry.budget_ratio", std::to_string(p.ratio)},
                                {"spec.clients[*].retry.budget_cap", std::to_string(p.burst)}};
    }};

}  // namespace
}  // namespace stampede
