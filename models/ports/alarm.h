// What monitoring shows of one condition. Whoever says that it holds says by which incidents:
// nobody looks them up.
#pragma once
#include <vector>

#include "sim/journal.h"

namespace stampede {

struct Alarm {
  bool holds = false;
  std::vector<IncidentId> shown_by;  // may be empty: nobody knows why
};

}  // namespace stampede
