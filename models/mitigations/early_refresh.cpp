// Callers of services ask anew for an answer that they keep before its end, by chance, so that they
// do not all ask at its end.
#include <fmt/format.h>

#include "models/mitigations/overlay.h"

namespace stampede {
namespace early_refresh {

struct Params {
  double beta = 1;
  static void describe(Schema<Params>& s) {
    s.field("beta", &Params::beta)
        .range(0.001, 1000)
        .help("how early: more than 1 is earlier than is best on average")
        .source("Vattani 2015: the optimum is 1");
  }
};

const RegisterOverlay<Params> registered{
    {"early_refresh",
     MitigationSlot::kCache,
     "callers refresh kept answers of a service by chance before their end",
     "Vattani 2015",
     {Need::kKeptAnswers}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.uses[*].cache.early_refresh", fmt::format("{}", p.beta)}};
    }};

}  // namespace early_refresh
}  // namespace stampede
