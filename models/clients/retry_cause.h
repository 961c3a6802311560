// What went wrong with an attempt, as far as delays and budgets of retries distinguish it.
#pragma once
#include "models/ports/request.h"
#include "models/ports/retry_port.h"

namespace stampede {

RetryCause retry_cause(Outcome outcome);

}  // namespace stampede
