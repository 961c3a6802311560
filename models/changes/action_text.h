// What an action is told to do, for the text of an incident.
#pragma once
#include <string>

#include "models/ports/action_params.h"

namespace stampede {

// Its parameters that are not as they would be left out: "target.region: eu, by: 200ms".
std::string text_of(const ActionSelection& action);

}  // namespace stampede
