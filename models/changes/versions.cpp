// Versions that are rolled out, rolled back and switched off.
#include "models/changes/action.h"
#include "models/changes/changes.h"

namespace stampede {
namespace {

const RegisterFault<RollOutParams> roll_out{
    "roll_out",
    "a version goes out to pools, in stages or everywhere within a delay; a gate rolls it back by "
    "itself; the end of `for` or an undo takes it away at once",
    "", [](const detail::Healing<RollOutParams>& p, const Act& act) -> Effect {
      Rollouts& rollouts = act.changes.rollouts();
      const u32 number = rollouts.roll_out(p, act.name, act.root);
      if (number == Rollouts::kNone) return {};
      return {
          .heal = [&rollouts, number](IncidentId healed) { rollouts.take_back(number, healed); },
          .over = [&rollouts, number] { return rollouts.ending(number); }};
    }};

const RegisterAction<RollBackParams> roll_back{
    "roll_back",
    "a version that is out is taken back; of a binary the pods that run it are restarted with what "
    "was there before",
    "", [](const RollBackParams& p, const Act& act) -> Effect {
      return {.over = act.changes.rollouts().roll_back(p, act.root)};
    }};

const RegisterAction<DisableParams> disable{
    "disable",
    "the red button: what a version does is switched off in all processes, without a restart", "",
    [](const DisableParams& p, const Act& act) -> Effect {
      return {.over = act.changes.rollouts().disable(p, act.root)};
    }};

}  // namespace

RollOutParams* roll_out_params(const ActionSelection& action) {
  if (action.name != "roll_out") return nullptr;
  return static_cast<detail::Healing<RollOutParams>*>(action.params.get());
}

}  // namespace stampede
