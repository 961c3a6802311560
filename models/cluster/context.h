// What the parts of one cluster share: the world, connections to the API server, state, events.
#pragma once
#include <string>

#include "models/cluster/cluster_state.h"
#include "models/cluster/token_bucket.h"
#include "models/ports/client_limiter.h"

namespace stampede::cluster {

// Users, for the API server's shuffle sharding.
inline constexpr u32 kControllerUser = 1, kSchedulerUser = 2, kEndpointUser = 3, kScalerUser = 4,
                     kOperatorUser = 5, kKubeletUser = 1000;

// Writes event objects and forgets them: an event that the server refuses is lost.
class EventRecorder final : public ApiCaller {
 public:
  // At most `queue` events wait; more are dropped, as by client-go's broadcaster. Recorders of one
  // cluster use keys from different `first_key` on.
  EventRecorder(ApiServerPort& client, ApiLevel level, Bytes size, u64 queue, u32 first_key)
      : client_(client), level_(level), size_(size), queue_(queue), next_key_(first_key) {}
  void emit(u32 user, PodId pod, IncidentId cause) {
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
    call.value = pod;
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

struct Context {
  World& world;
  ClusterState& state;
  const ClusterParams& params;
  PodRuntime& runtime;
  std::string path;  // of the component, for streams and incidents
};

// Delay after `failures` in a row (1 and up): doubles from `first` to `longest`.
inline Duration doubling(Duration first, Duration longest, u32 failures) {
  Duration delay = first;
  for (u32 i = 1; i < failures && delay < longest; ++i) delay = delay * 2;
  return delay < longest ? delay : longest;
}

}  // namespace stampede::cluster
