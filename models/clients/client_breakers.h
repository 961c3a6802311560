// The circuit breakers of some client processes, each its own.
// State: stock_breakers.h. Source: resilience4j, Hystrix.
// Limits: who is refused hears it at once, and may try again like after any other failure.
#pragma once
#include <vector>

#include "models/clients/client_breaker_params.h"
#include "models/clients/stock_breakers.h"

namespace stampede {

class ClientBreakers {
 public:
  ClientBreakers(const ClientBreakerParams& p, u32 processes);
  bool any() const { return kind_ != ClientBreakerKind::kNone; }
  // May an attempt start? One that may must be recorded when it ends.
  bool allow(u32 process, Instant now);
  // True: it opened at that.
  bool record(u32 process, Instant now, bool failed, Duration took);

 private:
  ClientBreakerKind kind_;
  std::vector<Resilience4jBreaker> resilience4j_;  // [process], as the other
  std::vector<HystrixBreaker> hystrix_;
};

}  // namespace stampede
