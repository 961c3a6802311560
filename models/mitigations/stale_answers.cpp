// Callers of services use answers that they keep beyond their end: while they ask again, and while
// nobody answers.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace stale_answers {

struct Params {
  Duration while_revalidate = 30_s, if_error = 1200_s;
  static void describe(Schema<Params>& s) {
    s.field("while_revalidate", &Params::while_revalidate)
        .range(0, 1e7)
        .help("for how long after its end an answer is used while another is asked for")
        .source("RFC 5861: its example");
    s.field("if_error", &Params::if_error)
        .range(0, 1e7)
        .help("for how long after its end an answer is used when there is no other")
        .source("RFC 5861: its example");
  }
};

const RegisterOverlay<Params> registered{
    {"stale_answers",
     MitigationSlot::kCache,
     "callers use kept answers of a service for a while beyond their end",
     "RFC 5861",
     {Need::kKeptAnswers}},
    [](const Params& p) {
      return std::vector<Patch>{
          {"spec.uses[*].cache.stale_while_revalidate", print(p.while_revalidate)},
          {"spec.uses[*].cache.stale_if_error", print(p.if_error)}};
    }};

}  // namespace stale_answers
}  // namespace stampede
