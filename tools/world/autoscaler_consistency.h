// What the parameters of autoscalers must agree on.
#pragma once
#include "tools/world/consistency.h"

namespace stampede {

void autoscaler_metrics(std::vector<Finding>& out, const Spec& spec);

}  // namespace stampede
