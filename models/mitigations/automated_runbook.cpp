// What operators would do is done by a program as soon as monitoring has shown its condition.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace automated_runbook {

struct Params {
  Duration delay = 1_min;
  static void describe(Schema<Params>& s) {
    s.field("delay", &Params::delay)
        .range(0, 86400)
        .help("time from a condition that has held for long enough to the act");
  }
};

const RegisterOverlay<Params> registered{
    {"automated_runbook",
     MitigationSlot::kOperations,
     "a program does what operators would do, as soon as a step is due",
     "SRE book: chapter 7, automation, without a figure",
     {Need::kOperators}},
    [](const Params& p) {
      const std::string steps = "spec.operations.steps[*].";
      return std::vector<Patch>{{steps + "delay", print(p.delay)}, {steps + "act_delay", "0s"}};
    }};

}  // namespace automated_runbook
}  // namespace stampede
