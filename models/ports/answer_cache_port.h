// The boundary between whoever empties the cache of answers that one caller of a service keeps, and
// that caller.
#pragma once
#include <string>

#include "models/ports/request.h"
#include "sim/journal.h"

namespace stampede {

struct AnswerCachePort {
  virtual ~AnswerCachePort() = default;
  // Its nodes stand on a ring from 0 to 1. Those from `from` on, a `share` of all, are empty from
  // now on (incident answers_lost). Returns that; none: nothing is kept there.
  virtual IncidentId lose_answers(double from, double share, IncidentId cause) = 0;
};

struct NamedAnswerCache {
  std::string use;
  RegionId region = kNoRegion;  // of the caller; none: it stands in no region
  AnswerCachePort* cache = nullptr;
};

}  // namespace stampede
