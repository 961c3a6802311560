// While a line does not empty, the newest request goes first: those who still wait are served,
// those who have left are passed over.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace adaptive_lifo {

struct Params {
  Duration after = 5_s;
  static void describe(Schema<Params>& s) {
    s.field("after", &Params::after)
        .range(1e-3, 3600)
        .help(
            "time without an empty queue after which the newest is taken first; a few steps of the "
            "engine. Not with async_scheduling (all measured profiles) or prefix_caching");
  }
};

const RegisterOverlay<Params> registered{
    {"adaptive_lifo",
     MitigationSlot::kShed,
     "engines take the newest request first while their queue does not become empty",
     "Maurer 2015: its 100 ms are shorter than a prefill step",
     {Need::kPlainLine}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.serving.pools[*].engine.lifo_after", print(p.after)}};
    }};

}  // namespace adaptive_lifo
}  // namespace stampede
