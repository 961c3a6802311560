#include "models/clients/client_breakers.h"

namespace stampede {
namespace {

Resilience4jConfig resilience4j(const ClientBreakerParams& p) {
  Resilience4jConfig c;
  c.time_based = p.window.has_value();
  c.window = c.time_based ? static_cast<u32>(p.window->seconds() + 0.5) : p.window_calls;
  c.minimum_calls = p.minimum_calls.value_or(c.minimum_calls);
  c.failure_threshold = p.failures.value_or(Share{c.failure_threshold}).value;
  c.slow_threshold = p.slow.value;
  c.slow_call = p.slow_call;
  c.wait_open = p.wait_open.value_or(c.wait_open);
  c.permitted_half_open = p.half_open_calls;
  return c;
}

HystrixConfig hystrix(const ClientBreakerParams& p) {
  HystrixConfig c;
  if (p.window) c.bucket = Duration{p.window->ns / i64{c.buckets}};
  c.request_volume = p.minimum_calls.value_or(c.request_volume);
  c.error_threshold = p.failures.value_or(Share{c.error_threshold}).value;
  c.sleep_window = p.wait_open.value_or(c.sleep_window);
  return c;
}

}  // namespace

ClientBreakers::ClientBreakers(const ClientBreakerParams& p, u32 processes) : kind_(p.policy) {
  if (kind_ == ClientBreakerKind::kResilience4j)
    resilience4j_.assign(processes, Resilience4jBreaker(resilience4j(p)));
  if (kind_ == ClientBreakerKind::kHystrix) hystrix_.assign(processes, HystrixBreaker(hystrix(p)));
}

bool ClientBreakers::allow(u32 process, Instant now) {
  switch (kind_) {
    case ClientBreakerKind::kNone:
      return true;
    case ClientBreakerKind::kResilience4j:
      return resilience4j_[process].try_acquire(now);
    case ClientBreakerKind::kHystrix:
      return hystrix_[process].allow(now);
  }
  return true;
}

bool ClientBreakers::record(u32 process, Instant now, bool failed, Duration took) {
  const auto opens = [&](auto& breaker, auto... more) {
    const bool was_open = breaker.state() == BreakerState::kOpen;
    breaker.record(now, failed, more...);
    return !was_open && breaker.state() == BreakerState::kOpen;
  };
  switch (kind_) {
    case ClientBreakerKind::kNone:
      return false;
    case ClientBreakerKind::kResilience4j:
      return opens(resilience4j_[process], took);
    case ClientBreakerKind::kHystrix:
      return opens(hystrix_[process]);
  }
  return false;
}

}  // namespace stampede
