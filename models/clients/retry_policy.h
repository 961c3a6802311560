// When a client tries again after a failed attempt: delays of the client libraries in use, as pure
// functions of keyed draws.
// State: none; the k-th delay of a request is a function of (stream, request, k).
// Source: AWS Architecture Blog "Exponential Backoff And Jitter" (2015), gRFC A6, Envoy router
//   docs, AWS SDK retry behaviour, OpenAI Python SDK (Stainless) _constants.py, resilience4j, and
//   the reference outage's published client code.
// Limits: a retried attempt is a new arrival, the old one lives on at the server; gRPC pushback
// does
//   not restart the backoff; resubmissions by hand are not retries.
#pragma once
#include <optional>

#include "models/clients/retry_cause.h"
#include "models/clients/retry_params.h"
#include "models/ports/request.h"
#include "sim/random.h"

namespace stampede {

class RetryPolicy {
 public:
  explicit RetryPolicy(const RetryParams& params);

  u32 max_attempts() const { return max_attempts_; }
  // Delay before retry k = 1, 2, .. of `request`, or nothing: give up. `retry_after` as the server
  // said it, 0 = absent. Does not ask the budget.
  std::optional<Duration> next(StreamKey stream, u64 request, u32 k, RetryCause cause,
                               Duration retry_after = {}) const;
  // The backoff alone, from a uniform `u` and the delay before (decorrelated only).
  Duration backoff(u32 k, double u, RetryCause cause, Duration previous = {}) const;

 private:
  RetryKind kind_;
  u32 max_attempts_;
  Duration base_, cap_, jitter_;
  double multiplier_, factor_5xx_, honour_;
  Duration after_jitter_, after_limit_;
  bool retry_429_, retry_5xx_, retry_transport_, full_jitter_, gives_up_beyond_;
};

}  // namespace stampede
