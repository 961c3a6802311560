// Letting users' traffic in or not: the safety layer's breakers by hand.
#include "models/changes/action.h"

namespace stampede {
namespace {

const RegisterAction<NoParams> open_breaker{"open_breaker", "the breaker is opened by hand", "",
                                            [](const NoParams&, const Act& act) -> Effect {
                                              act.scene.breakers->open_by_hand(act.root);
                                              return {};
                                            }};

const RegisterAction<NoParams> start_ramp{
    "start_ramp", "the breaker becomes half open and lets traffic back in steps", "",
    [](const NoParams&, const Act& act) -> Effect {
      act.scene.breakers->start_ramp(act.root);
      return {.over = [breakers = act.scene.breakers] {
        return breakers->breaker_open().holds ? Ending{false, kNoIncident}
                                              : Ending{true, breakers->closed()};
      }};
    }};

}  // namespace
}  // namespace stampede
