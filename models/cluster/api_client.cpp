#include "models/cluster/api_client.h"

namespace stampede::cluster {
namespace {
constexpr u32 kMostRepeats = 10;
constexpr Duration kRetryAfter = 1_s;
enum Kind : u8 { kHasToken, kRepeat };
}  // namespace

ApiClient::ApiClient(World& world, ApiServerPort& api, Rate rate, i32 burst)
    : world_(world), api_(api), bucket_(rate, burst), id_(world.scheduler.add(this)) {}

void ApiClient::submit(const ApiCall& call, ApiCaller* caller, u64 tag) {
  u32 slot;
  if (free_.empty()) {
    slot = static_cast<u32>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot] = {call, caller, tag, 0};
  ++outstanding_;
  send(slot);
}

void ApiClient::send(u32 slot) {
  const Instant start = bucket_.reserve(world_.now());
  if (start > world_.now()) {
    world_.scheduler.at(start, Priority::kControl, id_, kHasToken, slot);
  } else {
    const ApiCall call = slots_[slot].call;
    api_.submit(call, this, slot);
  }
}

void ApiClient::handle(const Event& event) {
  if (event.kind == kRepeat) return send(event.subject);
  const ApiCall call = slots_[event.subject].call;
  api_.submit(call, this, event.subject);
}

void ApiClient::api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId incident) {
  const u32 index = static_cast<u32>(tag);
  if (status == ApiStatus::kTooManyRequests && slots_[index].repeats < kMostRepeats) {
    ++slots_[index].repeats;
    world_.scheduler.after(kRetryAfter, Priority::kControl, id_, kRepeat, index);
    return;
  }
  const Slot slot = slots_[index];
  free_.push_back(index);
  --outstanding_;
  if (slot.caller) slot.caller->api_replied(slot.tag, slot.call, status, incident);
}

}  // namespace stampede::cluster
