// The client library of a caller inside the fleet: the policy and budget of retries that users'
// clients have, for calls of services.
// State: that of the budget, of each process of the caller (a region's gateway, its kubelets).
// Source: as retry_policy.h and retry_budget.h.
// Limits: services say no Retry-After.
#pragma once
#include <memory>
#include <string_view>

#include "models/clients/retry_budget.h"
#include "models/ports/live_port.h"
#include "models/ports/retry_port.h"
#include "models/ports/service_port.h"
#include "sim/world.h"

namespace stampede {

struct CallerRetries : RetryPort {
  virtual LiveRoot live() = 0;
  // Who hears that it tries less often.
  virtual void spares(ServicePort* asked) = 0;
  // Of all processes.
  virtual CallsUnderWay under_way() const = 0;
};
// `path` names the caller; its calls are spread over `processes`.
std::unique_ptr<CallerRetries> make_caller_retries(World& world, std::string_view path,
                                                   const RetryParams& params, u32 processes = 1);

}  // namespace stampede
