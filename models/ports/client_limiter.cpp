#include "models/ports/client_limiter.h"

#include <algorithm>

namespace stampede {

void LimitedClient::Params::describe(Schema<Params>& s) {
  s.name("LimitedClient");
  s.field("qps", &Params::qps)
      .help("calls a second the client sends; 0 is no limit")
      .at_least(0)
      .source("kube-controller-manager defaults.go: 20; scheduler and kubelet 50");
  s.field("burst", &Params::burst)
      .help("calls it may send at once after a pause")
      .at_least(1)
      .source("kube-controller-manager defaults.go: 30; scheduler and kubelet 100");
  s.field("retries", &Params::retries)
      .help("how often a call refused with Retry-After is sent again")
      .at_least(0)
      .source("client-go rest/request.go: 10");
  s.field("retry_after", &Params::retry_after)
      .help("pause before a refused call is sent again")
      .at_least(0)
      .source("apiserver filters/maxinflight.go: 1 s");
}

LimitedClient::LimitedClient(World& world, ApiServerPort& server, Params params, std::string path)
    : world_(world), server_(server), params_(params), tokens_(params.burst) {
  id_ = world_.scheduler.add(this);
  refilled_ = world_.now();
  world_.stats.gauge(path, "client_waiting", "1", "calls waiting for the client's rate limit",
                     [this] { return static_cast<double>(fifo_.size()); });
}

void LimitedClient::submit(const ApiCall& call, ApiCaller* caller, u64 tag) {
  u32 slot;
  if (free_.empty()) {
    slot = static_cast<u32>(pool_.size());
    pool_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  pool_[slot] = {call, caller, tag, 0};
  fifo_.push_back(slot);
  pump();
}

void LimitedClient::refill() {
  const double passed = (world_.now() - refilled_).seconds();
  tokens_ = std::min(params_.burst, tokens_ + passed * params_.qps);
  refilled_ = world_.now();
}

// Sends from the front while there are tokens; otherwise one event waits for the next token.
void LimitedClient::pump() {
  if (params_.qps > 0) refill();
  while (!fifo_.empty()) {
    if (params_.qps > 0) {
      // A hair of tolerance: the token event's time is rounded to a nanosecond.
      if (tokens_ < 1 - 1e-6) {
        if (!world_.scheduler.pending(token_event_))
          token_event_ = world_.scheduler.after(from_seconds((1 - tokens_) / params_.qps),
                                                Priority::kControl, id_, kToken);
        return;
      }
      tokens_ -= 1;
    }
    const u32 slot = fifo_.front();
    fifo_.pop_front();
    ++sent_;
    const ApiCall call = pool_[slot].call;
    server_.submit(call, this, slot);
  }
}

void LimitedClient::handle(const Event& event) {
  if (event.kind == kRetry) fifo_.push_back(event.subject);
  pump();
}

void LimitedClient::api_replied(u64 tag, const ApiCall& call, ApiStatus status,
                                IncidentId incident) {
  const u32 slot = static_cast<u32>(tag);
  Pending& pending = pool_[slot];
  if (status == ApiStatus::kTooManyRequests && pending.tries < params_.retries) {
    ++pending.tries;
    ++retried_;
    world_.scheduler.after(params_.retry_after + 1_ns, Priority::kControl, id_, kRetry, slot);
    return;
  }
  ApiCaller* caller = pending.caller;
  const u64 caller_tag = pending.tag;
  release(slot);
  if (caller != nullptr) caller->api_replied(caller_tag, call, status, incident);
}

void LimitedClient::release(u32 slot) {
  pool_[slot].caller = nullptr;
  free_.push_back(slot);
}

void LimitedClient::drop_waiting() {
  for (const u32 slot : fifo_) release(slot);
  fifo_.clear();
}

}  // namespace stampede
