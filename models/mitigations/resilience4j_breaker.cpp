// Each client process stops calling once half of its last hundred calls have failed.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace resilience4j_breaker {

struct Params {
  i64 window_calls = 100;
  i64 minimum_calls = 100;
  Share failures{0.5};
  Duration wait_open = 60_s;
  i64 half_open_calls = 10;
  static void describe(Schema<Params>& s) {
    s.field("window_calls", &Params::window_calls)
        .range(1, 1e5)
        .help("calls that count")
        .source("resilience4j: slidingWindowSize 100");
    s.field("minimum_calls", &Params::minimum_calls)
        .range(1, 1e5)
        .help("calls without which it does not open")
        .source("resilience4j: minimumNumberOfCalls 100");
    s.field("failures", &Params::failures)
        .range(0.001, 1)
        .help("share of failed calls at which it opens")
        .source("resilience4j: failureRateThreshold 50");
    s.field("wait_open", &Params::wait_open)
        .range(0.001, 86400)
        .help("how long it stays open")
        .source("resilience4j: waitDurationInOpenState 60 s");
    s.field("half_open_calls", &Params::half_open_calls)
        .range(1, 1e5)
        .help("calls that are let through then, by which it closes or opens again")
        .source("resilience4j: permittedNumberOfCallsInHalfOpenState 10");
  }
};

const RegisterOverlay<Params> registered{
    {"resilience4j_breaker", MitigationSlot::kBreaker,
     "each client process stops calling when half of its last calls failed",
     "resilience4j: CircuitBreaker"},
    [](const Params& p) {
      const std::string breaker = "spec.clients[*].breaker.";
      return std::vector<Patch>{{breaker + "policy", "resilience4j"},
                                {breaker + "window_calls", std::to_string(p.window_calls)},
                                {breaker + "minimum_calls", std::to_string(p.minimum_calls)},
                                {breaker + "failures", print(p.failures)},
                                {breaker + "wait_open", print(p.wait_open)},
                                {breaker + "half_open_calls", std::to_string(p.half_open_calls)}};
    }};

}  // namespace resilience4j_breaker
}  // namespace stampede
