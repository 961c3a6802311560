// A component of the cluster that writes Kubernetes events.
// Source: client-go tools/record: a broadcaster with a bounded queue, which drops what it cannot
// hold. Limits: no aggregation of alike events.
#pragma once
#include "models/ports/api_server_port.h"

namespace stampede::cluster {

// Writes event objects and forgets them: an event that the server refuses is lost.
class EventRecorder final : public ApiCaller {
 public:
  // At most `queue` events wait; more are dropped, as by client-go's broadcaster. Recorders of one
  // cluster use keys from different `first_key` on.
  EventRecorder(ApiServerPort& client, ApiLevel level, Bytes size, u64 queue, u32 first_key)
      : client_(client), level_(level), size_(size), queue_(queue), next_key_(first_key) {}
  void resize(Bytes size) { size_ = size; }
  void emit(u32 user, IncidentId cause) {
    if (outstanding_ >= queue_) {
      ++dropped;
      return;
    }
    ++outstanding_;
    ++written;
    ApiCall call;
    call.verb = ApiVerb::kCreate;
    call.object = ApiObject::kEvent;
    call.level = level_;
    call.user = user;
    call.key = next_key_++;  // every event is an object of its own
    call.bytes = static_cast<i32>(size_.value);
    call.cause = cause;
    client_.submit(call, this, 0);
  }
  void api_replied(u64, const ApiCall&, ApiStatus, IncidentId) override { --outstanding_; }
  u64 written = 0, dropped = 0;

 private:
  ApiServerPort& client_;
  ApiLevel level_;
  Bytes size_;
  u64 queue_, outstanding_ = 0;
  u32 next_key_;
};

}  // namespace stampede::cluster
