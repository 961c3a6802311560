// All clients fall back to another provider, but only for a share of their requests: the herd is
// not handed on.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace budgeted_fallback {

struct Params {
  Share budget{0.1};
  i64 burst = 10;
  static void describe(Schema<Params>& s) {
    s.field("budget", &Params::budget)
        .range(0, 1)
        .help("fallbacks that each request of a class allows")
        .source("SRE book: at most 10 % of the requests, there for retries");
    s.field("burst", &Params::burst).range(1, 1e9).help("most fallbacks that a class can save up");
  }
};

const RegisterOverlay<Params> registered{
    {"budgeted_fallback", MitigationSlot::kFallback,
     "all clients fall back to another provider, for a share of their requests",
     "SRE book: chapter 21, per-client retry budget"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.clients[*].fallback.share", "100%"},
                                {"spec.clients[*].fallback.budget", print(p.budget)},
                                {"spec.clients[*].fallback.budget_burst", std::to_string(p.burst)}};
    }};

}  // namespace budgeted_fallback
}  // namespace stampede
