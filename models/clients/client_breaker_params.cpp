#include "models/clients/client_breaker_params.h"

#include "sim/registry.h"

namespace stampede {

void ClientBreakerParams::describe(Schema<ClientBreakerParams>& s) {
  using P = ClientBreakerParams;
  s.name("client_breaker");
  s.field("policy", &P::policy)
      .fixed("which library clients use is settled at the start")
      .help("circuit breaker that each client process has: it is asked before every attempt")
      .source("resilience4j: CircuitBreaker; Hystrix: its circuit breaker");
  s.field("minimum_calls", &P::minimum_calls)
      .live()
      .range(1, 1e5)
      .help("calls without which it does not open; absent: resilience4j 100, hystrix 20")
      .source("resilience4j: minimumNumberOfCalls 100; Hystrix: requestVolumeThreshold 20");
  s.field("failures", &P::failures)
      .live()
      .range(0.001, 1)
      .help("share of failed calls at which it opens; absent: 50%")
      .source("resilience4j: failureRateThreshold 50; Hystrix: errorThresholdPercentage 50");
  s.field("window", &P::window)
      .live()
      .range(1, 3600)
      .help(
          "time over which calls are counted; absent: resilience4j the last `window_calls` "
          "whenever they were, hystrix 10 s")
      .source("resilience4j: TIME_BASED; Hystrix: rolling window 10 s");
  s.field("window_calls", &P::window_calls)
      .live()
      .range(1, 1e5)
      .help("resilience4j without `window`: the calls that count")
      .source("resilience4j: slidingWindowSize 100");
  s.field("slow_call", &P::slow_call)
      .live()
      .range(0.001, 86400)
      .help("resilience4j: a longer call is slow")
      .source("resilience4j: slowCallDurationThreshold 60 s");
  s.field("slow", &P::slow)
      .live()
      .range(0.001, 1)
      .help("resilience4j: share of slow calls at which it opens")
      .source("resilience4j: slowCallRateThreshold 100");
  s.field("wait_open", &P::wait_open)
      .live()
      .range(0.001, 86400)
      .help("how long it stays open; absent: resilience4j 60 s, hystrix 5 s")
      .source("resilience4j: waitDurationInOpenState 60 s; Hystrix: sleepWindow 5 s");
  s.field("half_open_calls", &P::half_open_calls)
      .live()
      .range(1, 1e5)
      .help("resilience4j: calls let through half open, after which it closes or opens again")
      .source("resilience4j: permittedNumberOfCallsInHalfOpenState 10; Hystrix: always 1");
}

namespace {
const Register<ClientBreakerParams> breaker_registered{
    "model", "client_breaker", "when a client process stops calling for a while",
    "resilience4j; Hystrix"};
}  // namespace

}  // namespace stampede
