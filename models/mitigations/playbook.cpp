// Operators have written down beforehand what is to be done, and have practised it.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace playbook {

struct Params {
  double times = 1.0 / 3;
  static void describe(Schema<Params>& s) {
    s.field("times", &Params::times)
        .range(0.001, 1)
        .help("what is left of the time that operators need to decide and to act")
        .source("SRE book: chapter 1, a playbook makes the mean time to repair about 3x shorter");
  }
};

const RegisterOverlay<Params> registered{
    {"playbook",
     MitigationSlot::kOperations,
     "operators decide and act in a third of the time",
     "SRE book: chapter 1",
     {Need::kOperators}},
    [](const Params& p) {
      return std::vector<Patch>{so_many_times("spec.operations.steps[*].delay", p.times),
                                so_many_times("spec.operations.steps[*].act_delay", p.times)};
    }};

}  // namespace playbook
}  // namespace stampede
