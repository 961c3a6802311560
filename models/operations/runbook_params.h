// What operators watch, decide and do, as parameters.
#pragma once
#include <string>
#include <vector>

#include "models/ports/action_params.h"

namespace stampede {

enum class Watched : u8 {
  kSuccessBelow,
  kPrefixWithdrawn,
  kControlPlaneFrozen,
  kBreakerOpen,
  kAutoscalerStopped
};

struct StepParams {
  std::string name;
  std::vector<std::string> needs, after;
  Watched when = Watched::kSuccessBelow;
  Share below{0.9};
  Duration sustained{};
  Duration delay{};
  ActionSelection action;
  static void describe(Schema<StepParams>& s);
};

}  // namespace stampede
