#include "models/cluster/replica_set.h"

#include <algorithm>
#include <tuple>

#include "models/cluster/event_recorder.h"

namespace stampede::cluster {
namespace {
enum Kind : u8 { kSync, kWriteSpec };
enum Reply : u64 { kCreated, kDeleted, kReplicaSetStatus, kDeploymentStatus, kSpec };
constexpr Duration kSoon = 1_ns;
u64 tag_of(Reply reply, WorkloadId workload, PodId pod = 0) {
  return (static_cast<u64>(reply) << 56) | (u64{workload} << 48) | pod;
}
}  // namespace

ReplicaSetController::ReplicaSetController(const Context& context, ApiServerPort& client,
                                           EventRecorder& events)
    : context_(context),
      client_(client),
      events_(events),
      component_(context.world.scheduler.add(this)) {
  controls_.resize(context.state.workloads.size());
  const KubeletParams& kubelet = context.params.kubelet;
  for (Control& c : controls_)
    c.event_filter = TokenBucket(kubelet.event_refill, kubelet.event_burst);
  for (std::size_t w = 0; w < controls_.size(); ++w) {
    controls_[w].written_objects = controls_[w].written_ready =
        context.state.workloads[w].params.replicas;
  }
}

void ReplicaSetController::retune_filters() {
  const KubeletParams& p = context_.params.kubelet;
  for (Control& c : controls_) c.event_filter.retune(p.event_refill, p.event_burst);
}

ApiCall ReplicaSetController::call_for(ApiVerb verb, ApiObject object, u32 key, Bytes size,
                                       IncidentId cause) const {
  ApiCall call;
  call.verb = verb;
  call.object = object;
  call.level = ApiLevel::kWorkloadHigh;
  call.user = kControllerUser;
  call.key = key;
  call.bytes = static_cast<i32>(size.value);
  call.cause = cause;
  return call;
}

void ReplicaSetController::scale_changed(WorkloadId w, i32 replicas, IncidentId cause) {
  context_.state.workloads[w].scale_replicas = replicas;
  controls_[w].cause = cause;
  controls_[w].scale_failures = 0;
  write_spec(w);
}

// The deployment controller copies its own size to its replica set.
void ReplicaSetController::write_spec(WorkloadId w) {
  Control& c = controls_[w];
  if (c.deployment_busy) return;  // its end compares again
  c.deployment_busy = true;
  const ControllerParams& p = context_.params.controllers;
  ApiCall call =
      call_for(ApiVerb::kUpdate, ApiObject::kReplicaSet, w, p.small_object_size, c.cause);
  const i32 replicas = context_.state.workloads[w].scale_replicas;
  call.value = ReplicaSetValue{replicas};
  client_.submit(call, this, tag_of(kSpec, w, static_cast<u32>(replicas)));
}

void ReplicaSetController::replicas_changed(WorkloadId w, i32 replicas, IncidentId cause) {
  context_.state.workloads[w].desired = replicas;
  controls_[w].cause = cause;
  enqueue(w);
}

void ReplicaSetController::pod_added(PodId pod) {
  const WorkloadId w = context_.state.pods[pod].workload;
  if (controls_[w].creates_expected > 0) --controls_[w].creates_expected;
  enqueue(w);
}

void ReplicaSetController::pod_deleted(PodId pod) {
  const WorkloadId w = context_.state.pods[pod].workload;
  if (controls_[w].deletes_expected > 0) --controls_[w].deletes_expected;
  enqueue(w);
}

void ReplicaSetController::enqueue(WorkloadId w) {
  if (controls_[w].queued) return;
  controls_[w].queued = true;
  context_.world.scheduler.after(kSoon, Priority::kControl, component_, kSync, w, 1);
}

void ReplicaSetController::handle(const Event& event) {
  const WorkloadId w = static_cast<WorkloadId>(event.subject);
  if (event.kind == kWriteSpec) return write_spec(w);
  if (event.argument == 1) controls_[w].queued = false;
  sync(w);
}

void ReplicaSetController::sync(WorkloadId w) {
  Control& c = controls_[w];
  if (c.busy) {
    c.dirty = true;
    return;
  }
  c.busy = true;
  const ControllerParams& p = context_.params.controllers;
  const Workload& workload = context_.state.workloads[w];
  const bool expired = context_.world.now() - c.expectations_set > p.expectations_timeout;
  const bool satisfied = (c.creates_expected == 0 && c.deletes_expected == 0) || expired;
  const i64 missing = workload.desired - workload.counts.active;
  if (!satisfied || missing == 0) return write_status(w);
  c.expectations_set = context_.world.now();
  c.creates_expected = c.deletes_expected = 0;
  c.failed = 0;
  if (missing > 0) {
    c.to_create = static_cast<i32>(std::min<i64>(missing, p.create_burst));
    c.creates_expected = c.to_create;
    c.batch = 1;
    start_batch(w);
  } else {
    c.to_create = 0;
    delete_pods(w, std::min<i64>(-missing, p.create_burst));
  }
}

void ReplicaSetController::start_batch(WorkloadId w) {
  Control& c = controls_[w];
  const i32 n = std::min(c.batch, c.to_create);
  c.to_create -= n;
  c.batch *= 2;
  c.outstanding = n;
  const IncidentId cause = c.cause;
  for (i32 i = 0; i < n; ++i) {
    const PodId pod = context_.state.new_pod(w, cause);
    client_.submit(call_for(ApiVerb::kCreate, ApiObject::kPod, pod,
                            context_.params.controllers.pod_size, cause),
                   this, tag_of(kCreated, w, pod));
  }
}

// Victims in Kubernetes' order (pkg/controller/controller_utils.go, ActivePodsWithRanks.Less):
// unassigned, pending, not ready, on crowded nodes, ready for the shortest time, restarted most
// often, youngest.
void ReplicaSetController::delete_pods(WorkloadId w, i64 surplus) {
  ClusterState& state = context_.state;
  std::vector<i64> crowd(state.nodes.size(), 0);
  std::vector<PodId> active;
  for (const PodId id : state.workloads[w].members) {
    const Pod& pod = state.pods[id];
    if (pod.gone || pod.deleting) continue;
    active.push_back(id);
    if (pod.node != kNoNode) ++crowd[pod.node];
  }
  const auto rank = [&](PodId id) {
    const Pod& pod = state.pods[id];
    const bool bound = pod.node != kNoNode;
    return std::tuple(bound, pod.running, pod.api_ready, bound ? -crowd[pod.node] : 0,
                      pod.api_ready ? -pod.ready_transition.ns : 0,
                      -static_cast<i32>(pod.api_status.restarts), -pod.created_at.ns,
                      -static_cast<i64>(id));
  };
  surplus = std::min<i64>(surplus, static_cast<i64>(active.size()));
  std::partial_sort(active.begin(), active.begin() + surplus, active.end(),
                    [&](PodId a, PodId b) { return rank(a) < rank(b); });
  Control& c = controls_[w];
  c.outstanding = c.deletes_expected = static_cast<i32>(surplus);
  for (i64 i = 0; i < surplus; ++i) {
    const PodId pod = active[static_cast<std::size_t>(i)];
    ApiCall call = call_for(ApiVerb::kDelete, ApiObject::kPod, pod,
                            context_.params.controllers.pod_size, c.cause);
    call.value = PodDeletionValue{false};
    client_.submit(call, this, tag_of(kDeleted, w, pod));
  }
  if (surplus == 0) write_status(w);
}

void ReplicaSetController::api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId) {
  const Reply reply = static_cast<Reply>(tag >> 56);
  const WorkloadId w = static_cast<WorkloadId>(tag >> 48);
  const PodId pod = static_cast<PodId>(tag);
  const bool ok = status == ApiStatus::kOk;
  Control& c = controls_[w];
  switch (reply) {
    case kCreated:
      if (ok) {
        const Instant now = context_.world.now();
        if (c.event_filter.try_take(now)) events_.emit(kControllerUser, c.cause);
      } else {
        ++c.failed;
        if (c.creates_expected > 0) --c.creates_expected;
      }
      if (--c.outstanding == 0) finish_calls(w);
      return;
    case kDeleted:
      if (!ok) {
        ++c.failed;
        if (c.deletes_expected > 0) --c.deletes_expected;
      }
      if (--c.outstanding == 0) finish_calls(w);
      return;
    case kReplicaSetStatus: {
      if (!ok) {
        c.written_objects = -1;
        return end_sync(w, false);
      }
      ApiCall next = call_for(ApiVerb::kUpdate, ApiObject::kDeployment, w,
                              context_.params.controllers.small_object_size, c.cause);
      next.value = DeploymentValue{static_cast<i32>(c.written_objects)};
      client_.submit(next, this, tag_of(kDeploymentStatus, w));
      return;
    }
    case kDeploymentStatus:
      if (!ok) c.written_objects = -1;
      return end_sync(w, ok);
    case kSpec: {
      c.deployment_busy = false;
      const ControllerParams& p = context_.params.controllers;
      if (ok) {
        c.scale_failures = 0;
        if (context_.state.workloads[w].scale_replicas != static_cast<i32>(pod)) write_spec(w);
      } else {
        const Duration delay = doubling(p.retry_first, p.retry_longest, ++c.scale_failures);
        context_.world.scheduler.after(delay, Priority::kControl, component_, kWriteSpec, w);
      }
      return;
    }
  }
}

void ReplicaSetController::finish_calls(WorkloadId w) {
  Control& c = controls_[w];
  if (c.failed > 0) {  // the rest of a failed creation is skipped
    c.creates_expected = std::max(0, c.creates_expected - c.to_create);
    c.to_create = 0;
    return end_sync(w, false);
  }
  if (c.to_create > 0) return start_batch(w);
  write_status(w);
}

void ReplicaSetController::write_status(WorkloadId w) {
  Control& c = controls_[w];
  const PodCounts& counts = context_.state.workloads[w].counts;
  if (counts.objects == c.written_objects && counts.reported_ready == c.written_ready)
    return end_sync(w, true);
  c.written_objects = counts.objects;
  c.written_ready = counts.reported_ready;
  client_.submit(call_for(ApiVerb::kUpdate, ApiObject::kReplicaSet, w,
                          context_.params.controllers.small_object_size, c.cause),
                 this, tag_of(kReplicaSetStatus, w));
}

void ReplicaSetController::end_sync(WorkloadId w, bool succeeded) {
  Control& c = controls_[w];
  c.busy = false;
  if (c.dirty) {
    c.dirty = false;
    enqueue(w);
  }
  if (succeeded) {
    c.failures = 0;
    return;
  }
  const ControllerParams& p = context_.params.controllers;
  const Duration delay = doubling(p.retry_first, p.retry_longest, ++c.failures);
  if (!context_.world.scheduler.pending(c.retry))
    c.retry = context_.world.scheduler.after(delay, Priority::kControl, component_, kSync, w, 0);
}

}  // namespace stampede::cluster
