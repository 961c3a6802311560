// A client process refuses its own requests with a probability that grows with what the servers
// refuse. First attempts are refused as well, so it is for all classes of clients.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace adaptive_throttling {

struct Params {
  double k = 2;
  Duration window = 2_min;
  static void describe(Schema<Params>& s) {
    s.field("k", &Params::k)
        .range(1, 100)
        .help("requests that a client sends for each one that is accepted")
        .source("SRE book: K = 2");
    s.field("window", &Params::window)
        .range(1, 3600)
        .help("time over which requests and accepted ones are counted")
        .source("SRE book: two minutes");
  }
};

const RegisterOverlay<Params> registered{
    {"adaptive_throttling", MitigationSlot::kBudget,
     "clients refuse their own requests once servers accept less than half of them",
     "SRE book: chapter 21, client-side throttling"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.clients[*].retry.budget", "adaptive"},
                                {"spec.clients[*].retry.budget_ratio", std::to_string(p.k)},
                                {"spec.clients[*].retry.budget_window", print(p.window)}};
    }};

}  // namespace adaptive_throttling
}  // namespace stampede
