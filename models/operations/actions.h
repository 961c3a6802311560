// Named things that the timeline or an operator does: each a registered entry with parameters and
// one function on the ports of a Scene. Adding one is one more block in actions.cpp or a file of
// its own.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "models/operations/runbook_params.h"
#include "models/operations/scene.h"
#include "sim/registry.h"

namespace stampede {

// Whether an operation is over, and which incident says so; none where the act itself was the end.
struct Ending {
  bool over = true;
  IncidentId shown_by = kNoIncident;
};
// Asks after an operation that takes its time.
using Completion = std::function<Ending()>;

// Applies the selected action because of `cause`: every incident of what it changes names it, and
// without one is a root. The result says when it is over (at once if it takes no time).
// Throws InvariantError for an unknown name, which the loader has ruled out.
Completion apply(const ActionSelection& action, const Scene& scene, IncidentId cause);

using ActionFunction =
    std::function<Completion(const void* params, const Scene& scene, IncidentId cause)>;
std::map<std::string, ActionFunction>& action_functions();

// `static const RegisterAction<Params> x{"name", "help", "source", [](const Params&, const
// Scene&, IncidentId) -> Completion {...}};`
template <class Params>
struct RegisterAction {
  template <class F>
  RegisterAction(const char* name, const char* help, const char* source, F function)
      : entry("action", name, help, source) {
    action_functions()[name] = [function](const void* params, const Scene& scene,
                                          IncidentId cause) {
      return function(*static_cast<const Params*>(params), scene, cause);
    };
  }
  Register<Params> entry;
};

}  // namespace stampede
