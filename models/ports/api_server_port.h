// The boundary between Kubernetes clients (kubelets, controllers, autoscaler, balancer) and the
// API server with its etcd. Calls are asynchronous: they may queue, be refused, time out. What was
// committed reaches watchers later and in order; every watcher keeps its own copy.
#pragma once
#include "models/ports/api_values.h"
#include "sim/journal.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

enum class ApiVerb : u8 { kGet, kList, kCreate, kUpdate, kDelete };
enum class ApiObject : u8 {
  kPod,
  kPodStatus,
  kBinding,
  kEvent,
  kLease,
  kNodeStatus,
  kEndpointSlice,
  kReplicaSet,
  kDeployment,
  kScale,
  kAutoscaler,
  kMetrics,
  kLeaderLease,
  kCount
};
// Priority level (flow schema's answer) of API priority and fairness.
enum class ApiLevel : u8 {
  kExempt,
  kSystem,
  kNodeHigh,
  kLeaderElection,
  kWorkloadHigh,
  kWorkloadLow,
  kGlobalDefault,
  kCatchAll,
  kCount
};
enum class ApiStatus : u8 {
  kOk,
  kTooManyRequests,  // 429: priority level full, or etcd's apply gap
  kTimeout,          // etcd request time-out or the call's own deadline
  kNoSpace,          // etcd's quota alarm
  kConflict,         // 409: the object has another version than the write was based on
  kUnavailable       // no etcd leader, or the server is down
};

struct ApiCall {
  ApiVerb verb = ApiVerb::kGet;
  ApiObject object = ApiObject::kPod;
  ApiLevel level = ApiLevel::kGlobalDefault;
  u32 user = 0;                    // for shuffle sharding: who asks
  u32 key = 0;                     // which object
  IncidentId cause = kNoIncident;  // travels with the write to whoever watches it
  ApiValue value;                  // what a write says; none in a read
  Duration deadline{};             // 0: the server's 60 s
  i32 bytes = 0;                   // encoded size of the object written, or of the whole list read
  u32 list_objects = 0;            // LIST: how many objects
  // Of the object that an update is based on; in an answer to a GET or a write, the one it has now.
  u32 version = kAnyVersion;
};
static_assert(sizeof(ApiCall) == 56);

// Implemented by callers; called exactly once for each submitted call. A write that timed out may
// take effect all the same: then its watchers hear of it.
struct ApiCaller {
  virtual ~ApiCaller() = default;
  // `incident`: what made it fail, when status is not kOk.
  virtual void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) = 0;
};

// One committed change, as a watcher sees it.
struct ApiChange {
  ApiVerb verb;
  ApiObject object;
  u32 key;
  ApiValue value;
  IncidentId cause;
  u32 version = 0;  // of the object since then
};
struct ApiWatcher {
  virtual ~ApiWatcher() = default;
  virtual void api_changed(const ApiChange& change) = 0;
};

// Implemented by models/control_plane.
struct ApiServerPort {
  virtual ~ApiServerPort() = default;
  virtual void submit(const ApiCall& call, ApiCaller* caller, u64 tag) = 0;
  // Adds a watcher of all changes to `object`; `delay` is its extra lag. `bytes_per_change` feeds
  // the server's egress.
  virtual void watch(ApiObject object, ApiWatcher* watcher, Duration delay) = 0;
  // What it suffers from now, for effects that no call was told of.
  virtual IncidentId trouble() const { return kNoIncident; }
  // `by`: something that loaded it is over. If what it suffers from ends next, that is why.
  virtual void eased(IncidentId /*by*/) {}
};

}  // namespace stampede
