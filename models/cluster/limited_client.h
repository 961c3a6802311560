// A component's client of the API server: client-side rate limit and client-go's retries.
// State: FIFO of calls waiting for a token -> sent -> answered | waiting for Retry-After -> FIFO.
// Source: client-go util/flowcontrol (token bucket), rest/request.go and with_retry.go: a reply
// with Retry-After (429) is sent again after it, through the limiter, up to 10 times. Limits: one
// bucket for all verbs; waiting in the FIFO is unbounded and counts against no deadline.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "models/cluster/limited_client_params.h"
#include "models/ports/api_server_port.h"
#include "sim/slot_pool.h"
#include "sim/world.h"

namespace stampede {

class LimitedClient final : public ApiServerPort, Component, ApiCaller {
 public:
  LimitedClient(World& world, ApiServerPort& server, LimitedClientParams params, std::string path);

  // As ApiServerPort: `caller` is answered exactly once.
  void submit(const ApiCall& call, ApiCaller* caller, u64 tag) override;
  void watch(ApiObject object, ApiWatcher* watcher, Duration delay) override {
    server_.watch(object, watcher, delay);
  }

  // Tokens come at the new rate from now on; a full bucket is full again.
  void retune(const LimitedClientParams& params);
  std::size_t waiting() const { return fifo_.size(); }  // calls without a token yet
  u64 sent() const { return sent_; }
  u64 retried() const { return retried_; }
  // Nothing is sent before resume(): the process is gone, and its successor will send it.
  void pause() { paused_ = true; }
  void resume() {
    paused_ = false;
    pump();
  }
  // Forgets every call not yet sent, without an answer (the process was stopped).
  void drop_waiting();

 private:
  enum Kind : u8 { kToken, kRetry };
  struct Pending {
    ApiCall call;
    ApiCaller* caller = nullptr;
    u64 tag = 0;
    i32 tries = 0;
  };
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  void pump();
  void refill();
  void release(u32 slot);

  World& world_;
  ApiServerPort& server_;
  LimitedClientParams params_;
  ComponentId component_;
  double tokens_;
  Instant refilled_{};
  EventHandle token_event_{};
  std::deque<u32> fifo_;
  SlotPool<Pending> pool_;
  bool paused_ = false;
  u64 sent_ = 0, retried_ = 0;
};

}  // namespace stampede
