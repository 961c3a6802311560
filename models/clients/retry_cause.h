// What went wrong with an attempt, as far as delays and budgets of retries distinguish it.
#pragma once
#include "models/ports/request.h"
#include "sim/units.h"

namespace stampede {

enum class RetryCause : u8 {
  kThrottled,    // 429
  kServerError,  // 503 and other 5xx
  kTransport,    // time-out, no route, a stream that broke
  kFinal         // never retried
};
RetryCause retry_cause(Outcome outcome);

}  // namespace stampede
