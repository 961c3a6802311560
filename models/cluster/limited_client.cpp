#include "models/cluster/limited_client.h"

#include <algorithm>

namespace stampede {

LimitedClient::LimitedClient(World& world, ApiServerPort& server, LimitedClientParams params,
                             std::string path)
    : world_(world), server_(server), params_(params), tokens_(params.burst) {
  component_ = world_.scheduler.add(this);
  refilled_ = world_.now();
  world_.stats.gauge(path, "client_waiting", "1", "calls waiting for the client's rate limit",
                     [this] { return static_cast<double>(fifo_.size()); });
}

void LimitedClient::submit(const ApiCall& call, ApiCaller* caller, u64 tag) {
  const u32 slot = pool_.take_as_left();
  pool_[slot] = {call, caller, tag, 0};
  fifo_.push_back(slot);
  pump();
}

void LimitedClient::refill() {
  const double passed = (world_.now() - refilled_).seconds();
  tokens_ = std::min(params_.burst, tokens_ + passed * params_.qps);
  refilled_ = world_.now();
}

void LimitedClient::retune(const LimitedClientParams& params) {
  refill();
  const bool full = tokens_ >= params_.burst;
  params_ = params;
  tokens_ = full ? params_.burst : std::min(tokens_, params_.burst);
  world_.scheduler.cancel(token_event_);
  pump();
}

// Sends from the front while there are tokens; otherwise one event waits for the next token.
void LimitedClient::pump() {
  if (paused_) return;
  if (params_.qps > 0) refill();
  while (!fifo_.empty()) {
    if (params_.qps > 0) {
      // A hair of tolerance: the token event's time is rounded to a nanosecond.
      if (tokens_ < 1 - 1e-6) {
        if (!world_.scheduler.pending(token_event_))
          token_event_ = world_.scheduler.after(from_seconds((1 - tokens_) / params_.qps),
                                                Priority::kControl, component_, kToken);
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
    world_.scheduler.after(params_.retry_after + 1_ns, Priority::kControl, component_, kRetry,
                           slot);
    return;
  }
  ApiCaller* caller = pending.caller;
  const u64 caller_tag = pending.tag;
  release(slot);
  if (caller != nullptr) caller->api_replied(caller_tag, call, status, incident);
}

void LimitedClient::release(u32 slot) {
  pool_[slot].caller = nullptr;
  pool_.give_back(slot);
}

void LimitedClient::drop_waiting() {
  for (const u32 slot : fifo_) release(slot);
  fifo_.clear();
}

}  // namespace stampede
