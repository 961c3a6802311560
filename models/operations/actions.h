// Named things that the timeline or an operator does: each a registered entry with parameters and
// one function on Controls. Adding one is one more block in actions.cpp or a file of its own.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "models/operations/runbook_params.h"
#include "models/ports/controls.h"
#include "sim/registry.h"

namespace stampede {

// Applies the selected action; the result says when it is over (at once if it takes no time).
// Throws InvariantError for an unknown name, which the loader has ruled out.
Completion apply(const ActionSelection& action, Controls& controls, IncidentId cause);

using ActionFunction =
    std::function<Completion(const void* params, Controls& controls, IncidentId cause)>;
std::map<std::string, ActionFunction>& action_functions();

// `static const RegisterAction<Params> x{"name", "help", "source", [](const Params&, Controls&,
// IncidentId) -> Completion {...}};`
template <class Params>
struct RegisterAction {
  template <class F>
  RegisterAction(const char* name, const char* help, const char* source, F function)
      : entry("action", name, help, source) {
    action_functions()[name] = [function](const void* params, Controls& controls,
                                          IncidentId cause) {
      return function(*static_cast<const Params*>(params), controls, cause);
    };
  }
  Register<Params> entry;
};

}  // namespace stampede
