// What monitoring shows of one condition. Whoever says that it holds says by which incidents, so
// that whoever acts on it knows why: nobody looks incidents up.
#pragma once
#include <vector>

#include "sim/journal.h"

namespace stampede {

struct Alarm {
  bool holds = false;
  std::vector<IncidentId> shown_by;  // empty only if no incident led to it
};

}  // namespace stampede
