// What operators watch, decide and do, and what the timeline does, as parameters.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

// A registered action by name, with its own parameters.
struct ActionTag {
  static constexpr const char* selector = "do";
  static constexpr const char* category = "action";
};
using ActionSelection = SelectionOf<ActionTag>;

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

struct TimelineParams {
  Duration at{};
  ActionSelection action;
  static void describe(Schema<TimelineParams>& s);
};

}  // namespace stampede
