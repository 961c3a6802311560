// Parameters that a running fleet is given anew.
#include <utility>

#include "models/changes/action.h"
#include "models/changes/set_params.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

const RegisterFault<SetParams> set{
    "set",
    "a live parameter gets another value, at once or in stages; what begins after that acts by it",
    "", Begins::kWithTheRun, [](const SetParams& p, const Act& act) -> Effect {
      LivePort* live = act.scene.live;
      const u32 layer = live->begin(p.path, regions_in(act.scene, p.target), act.root);
      Effect effect;
      effect.heal = [live, layer](IncidentId ended) { live->end(layer, ended); };
      effect.nothing = true;
      for (const SetStage& s : stages_of(p)) {
        if (s.after.ns == 0 && !live->change(layer, s.value, s.part)) continue;
        effect.nothing = false;
        if (s.after.ns > 0)
          effect.later.push_back(
              {s.after, [live, layer, s] { live->change(layer, s.value, s.part); }});
      }
      return effect;
    }};

}  // namespace

SetParams* set_params(const ActionSelection& action) {
  if (action.name != "set") return nullptr;
  return static_cast<detail::Healing<SetParams>*>(action.params.get());
}

}  // namespace stampede
