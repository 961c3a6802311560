// A Kubernetes client's connection to the API server: token bucket, first-in first-out wait, and
// client-go's repeats of calls answered 429.
// State: call = waiting for a token -> sent -> answered | sent again 1 s later (at most ten times).
// Source: client-go util/flowcontrol, rest/request.go, rest/with_retry.go.
// Limits: the wait for a token is unbounded; a Retry-After is always 1 s.
#pragma once
#include <vector>

#include "models/ports/api_server.h"
#include "sim/world.h"

namespace stampede::cluster {

// Tokens refill at `rate` up to `burst`; reservations are first-in first-out. A rate of 0 = no
// limit.
class TokenBucket {
 public:
  TokenBucket() = default;
  TokenBucket(Rate rate, i32 burst)
      : interval_(rate.per_second > 0 ? from_seconds(1.0 / rate.per_second) : Duration{}),
        burst_(burst) {}
  // When the next token can be used, which is taken.
  Instant reserve(Instant now) {
    if (interval_.ns == 0) return now;
    const Instant allowed = next_ - interval_ * (burst_ - 1);
    const Instant start = allowed > now ? allowed : now;
    next_ = (next_ > now ? next_ : now) + interval_;
    return start;
  }
  // Takes a token if there is one.
  bool try_take(Instant now) {
    if (interval_.ns != 0 && next_ - interval_ * (burst_ - 1) > now) return false;
    reserve(now);
    return true;
  }

 private:
  Duration interval_{};
  i32 burst_ = 1;
  Instant next_{};
};

class ApiClient final : public Component, public ApiCaller {
 public:
  // `rate` of 0: no limiter.
  ApiClient(World& world, ApiServerPort& api, Rate rate, i32 burst);
  // `caller` hears the final answer; null = nobody waits for it.
  void submit(const ApiCall& call, ApiCaller* caller, u64 tag);
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 outstanding() const { return outstanding_; }

 private:
  struct Slot {
    ApiCall call;
    ApiCaller* caller = nullptr;
    u64 tag = 0;
    u32 repeats = 0;
  };
  void send(u32 slot);

  World& world_;
  ApiServerPort& api_;
  TokenBucket bucket_;
  ComponentId id_;
  std::vector<Slot> slots_;
  std::vector<u32> free_;
  u64 outstanding_ = 0;
};

}  // namespace stampede::cluster
