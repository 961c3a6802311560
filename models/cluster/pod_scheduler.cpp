#include "models/cluster/pod_scheduler.h"

#include "models/cluster/event_recorder.h"

namespace stampede::cluster {
namespace {
enum Kind : u8 { kAttempt, kWake, kFlush };
enum Reply : u64 { kBound, kReported };
constexpr Duration kBackoffTick = 1_s;  // scheduling_queue.go flushes the backoff queue so often
}  // namespace

PodScheduler::PodScheduler(const Context& context, ApiServerPort& client, EventRecorder& events)
    : context_(context),
      client_(client),
      events_(events),
      component_(context.world.scheduler.add(this)) {}

bool PodScheduler::waiting(PodId id) const {
  const Pod& pod = context_.state.pods[id];
  return !pod.gone && !pod.deleting && pod.node == kNoNode && pod.charged == kNoNode;
}

void PodScheduler::pod_added(PodId pod) {
  active_.push_back(pod);
  next();
}

void PodScheduler::next() {
  while (!busy_ && !active_.empty()) {
    const PodId pod = active_.front();
    active_.pop_front();
    if (!waiting(pod)) continue;
    busy_ = true;
    context_.world.scheduler.after(context_.params.controllers.schedule_time, Priority::kControl,
                                   component_, kAttempt, pod);
  }
}

void PodScheduler::handle(const Event& event) {
  switch (event.kind) {
    case kAttempt:
      busy_ = false;
      if (waiting(event.subject)) attempt(event.subject);
      return next();
    case kWake:
      wake_pending_ = false;
      return wake();
    case kFlush:
      flush_pending_ = false;
      wake_wanted_ = true;
      return wake();
  }
}

NodeId PodScheduler::pick(WorkloadId workload) const {
  const ClusterState& state = context_.state;
  const Workload& w = state.workloads[workload];
  const i32 gpus = w.params.gpus_per_pod;
  if (state.free_gpus < gpus) return kNoNode;
  if (w.params.gpu_limit > 0 && w.charged_gpus + gpus > w.params.gpu_limit) return kNoNode;
  NodeId best = kNoNode;
  i32 least = context_.params.gpus_per_node - gpus + 1;
  for (std::size_t n = 0; n < state.nodes.size(); ++n) {
    const Node& node = state.nodes[n];
    if (node.api_ready && !node.cordoned && node.charged_gpus < least) {
      least = node.charged_gpus;
      best = static_cast<NodeId>(n);
    }
  }
  return best;
}

void PodScheduler::attempt(PodId id) {
  ClusterState& state = context_.state;
  Pod& pod = state.pods[id];
  ++pod.attempts;
  pod.last_attempt = context_.world.now();
  const NodeId node = pick(pod.workload);
  if (node == kNoNode) return park(id);
  state.charge(id, node);
  ApiCall call;
  call.verb = ApiVerb::kCreate;
  call.object = ApiObject::kBinding;
  call.level = ApiLevel::kWorkloadHigh;
  call.user = kSchedulerUser;
  call.key = id;
  call.value = BindingValue{node};
  call.bytes = static_cast<i32>(context_.params.controllers.pod_size.value);
  call.cause = pod.cause;
  client_.submit(call, this, kBound);
}

// The first failure is written to the pod's status and as an event.
void PodScheduler::park(PodId id) {
  parked_.push_back(id);
  if (!flush_pending_) {
    flush_pending_ = true;
    context_.world.scheduler.after(context_.params.controllers.unschedulable_flush,
                                   Priority::kControl, component_, kFlush);
  }
  Pod& pod = context_.state.pods[id];
  if (pod.unschedulable_reported) return;
  pod.unschedulable_reported = true;
  ApiCall call;
  call.verb = ApiVerb::kUpdate;
  call.object = ApiObject::kPodStatus;
  call.level = ApiLevel::kWorkloadHigh;
  call.user = kSchedulerUser;
  call.key = id;
  call.value = PodStatusValue{.by = StatusWriter::kScheduler};
  call.bytes = static_cast<i32>(context_.params.controllers.pod_size.value);
  call.cause = pod.cause;
  client_.submit(call, this, kReported);
  events_.emit(kSchedulerUser, pod.cause);
}

void PodScheduler::gpus_freed() {
  if (parked_.empty()) return;
  wake_wanted_ = true;
  if (wake_pending_) return;
  wake_pending_ = true;
  context_.world.scheduler.after(kBackoffTick, Priority::kControl, component_, kWake);
}

// Moves parked pods whose backoff is over to the active queue; the others are looked at again.
void PodScheduler::wake() {
  if (!wake_wanted_) return;
  const ControllerParams& p = context_.params.controllers;
  std::deque<PodId> still;
  for (const PodId id : parked_) {
    if (!waiting(id)) continue;
    const Pod& pod = context_.state.pods[id];
    const Duration backoff =
        doubling(p.unschedulable_backoff_first, p.unschedulable_backoff_longest, pod.attempts);
    if (pod.last_attempt + backoff <= context_.world.now()) {
      active_.push_back(id);
    } else {
      still.push_back(id);
    }
  }
  parked_.swap(still);
  wake_wanted_ = !parked_.empty();
  if (wake_wanted_ && !wake_pending_) {
    wake_pending_ = true;
    context_.world.scheduler.after(kBackoffTick, Priority::kControl, component_, kWake);
  }
  next();
}

void PodScheduler::api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId) {
  if (status == ApiStatus::kOk) return;
  const PodId id = call.key;
  Pod& pod = context_.state.pods[id];
  if (tag == kReported) {
    pod.unschedulable_reported = false;  // said again at the next attempt
    return;
  }
  // The binding failed, as far as is known: forget the assumption and try again later.
  if (pod.node != kNoNode || pod.gone) return;
  context_.state.charge(id, kNoNode);
  if (!pod.deleting) parked_.push_back(id);
  gpus_freed();
}

}  // namespace stampede::cluster
