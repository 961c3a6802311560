// A registered action by name, with its own parameters: what the timeline and operators can do.
#pragma once
#include "sim/params.h"

namespace stampede {

struct ActionTag {
  static constexpr const char* selector = "do";
  static constexpr const char* category = "action";
};
using ActionSelection = SelectionOf<ActionTag>;

}  // namespace stampede
