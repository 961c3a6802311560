// Controllers with a queue of work: what stops them, and how they are brought round by hand.
#include "models/changes/action.h"

namespace stampede {
namespace {

struct OnControllers {
  std::string controller;
  static void describe(Schema<OnControllers>& s) {
    s.field("controller", &OnControllers::controller)
        .help("which of spec.controllers; left out: all of them");
  }
};

std::vector<ControllerPort*> controllers_called(const Scene& scene, const std::string& name) {
  std::vector<ControllerPort*> found;
  for (std::size_t k = 0; k < scene.controllers.size(); ++k)
    if (name.empty() || scene.controller_names[k] == name) found.push_back(scene.controllers[k]);
  return found;
}

const RegisterFault<OnControllers> stall_controller{
    "stall_controller",
    "a controller gets on with nothing, as if what it depends on were gone; its work piles up",
    "AWS 2025-10-20: state checks failed while the database could not be reached",
    [](const OnControllers& p, const Act& act) -> Heal {
      const auto stalled = controllers_called(act.scene, p.controller);
      for (ControllerPort* c : stalled) c->stall(act.root);
      return [stalled](IncidentId healed) {
        for (ControllerPort* c : stalled) c->resume(healed);
      };
    }};

struct ThrottleParams : OnControllers {
  Rate rate{1};
  static void describe(Schema<ThrottleParams>& s) {
    s.base<OnControllers>();
    s.field("rate", &ThrottleParams::rate)
        .required()
        .range(1e-3, 1e9)
        .scales()
        .help("so much of what is due comes to its queue a second at most");
  }
};

const RegisterFault<ThrottleParams> throttle{
    "throttle", "work that is due comes to a controller's queue at a rate; the rest waits outside",
    "AWS 2025-10-20: incoming work was throttled",
    [](const ThrottleParams& p, const Act& act) -> Heal {
      std::vector<std::pair<ControllerPort*, u32>> throttled;
      for (ControllerPort* c : controllers_called(act.scene, p.controller))
        throttled.emplace_back(c, c->throttle(p.rate, act.root));
      return [throttled](IncidentId healed) {
        for (const auto& [c, id] : throttled) c->unthrottle(id, healed);
      };
    }};

const RegisterAction<OnControllers> restart_controller{
    "restart_controller",
    "a controller's process is started again: its queue is lost, and it looks for all that is due",
    "AWS 2025-10-20: hosts of the lease manager were restarted, which cleared their queues",
    [](const OnControllers& p, const Act& act) -> Effect {
      for (ControllerPort* c : controllers_called(act.scene, p.controller)) c->restart(act.root);
      return {};
    }};

}  // namespace
}  // namespace stampede
