// Retries are bounded by a share of the requests that succeed.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace retry_budget {

struct Params {
  double ratio = 0.1;
  i64 burst = 5;
  static void describe(Schema<Params>& s) {
    s.field("ratio", &Params::ratio)
        .range(0, 100)
        .help("retries that each success allows")
        .source("SRE book: at most 10 %; Brooker 2022: 0.1");
    s.field("burst", &Params::burst)
        .range(1, 1e6)
        .help("most retries that a client process can save up")
        .source("Brooker 2022: 5");
  }
};

const RegisterOverlay<Params> registered{
    {"retry_budget",
     MitigationSlot::kBudget,
     "a token bucket limits automatic retries to a share of the successes",
     "Brooker 2022; SRE book",
     {Need::kRetries}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.clients[*].retry.budget", "token_bucket"},
                                {"spec.clients[*].retry.budget_ratio", std::to_string(p.ratio)},
                                {"spec.clients[*].retry.budget_cap", std::to_string(p.burst)}};
    }};

}  // namespace retry_budget
}  // namespace stampede
