// What the parts of one cluster share: the world, connections to the API server, state, events.
#pragma once
#include <string>

#include "models/cluster/api_client.h"
#include "models/cluster/cluster_state.h"

namespace stampede::cluster {

// Users, for the API server's shuffle sharding.
inline constexpr u32 kControllerUser = 1, kSchedulerUser = 2, kEndpointUser = 3, kScalerUser = 4,
                     kOperatorUser = 5, kKubeletUser = 1000;

// Writes event objects and forgets them: an event that the server refuses is lost.
class EventRecorder {
 public:
  // At most `queue` events wait; more are dropped, as by client-go's broadcaster.
  EventRecorder(ApiClient& client, ApiLevel level, Bytes size, u64 queue)
      : client_(client), level_(level), size_(size), queue_(queue) {}
  void emit(u32 user, PodId pod, IncidentId cause) {
    if (client_.outstanding() >= queue_) {
      ++dropped;
      return;
    }
    ++written;
    ApiCall call;
    call.verb = ApiVerb::kCreate;
    call.object = ApiObject::kEvent;
    call.level = level_;
    call.user = user;
    call.key = pod;
    call.bytes = static_cast<i32>(size_.value);
    call.cause = cause;
    client_.submit(call, nullptr, 0);
  }
  u64 written = 0, dropped = 0;

 private:
  ApiClient& client_;
  ApiLevel level_;
  Bytes size_;
  u64 queue_;
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
