// The kubelets' status writers: one write under way a node, in order of change.
#include "models/cluster/kubelet.h"

namespace stampede::cluster {
namespace {
enum Reply : u64 { kStatus, kFinalDelete };
}

void Kubelets::queue_status(PodId id) {
  Pod& pod = context_.state.pods[id];
  if (pod.status_queued || pod.final_delete_sent || pod.node == kNoNode || silent(pod)) return;
  pod.status_queued = true;
  writers_[pod.node].queue.push_back(id);
  write_next(pod.node);
}

void Kubelets::write_next(NodeId node) {
  Writer& writer = writers_[node];
  while (!writer.busy && !writer.queue.empty()) {
    const PodId id = writer.queue.front();
    writer.queue.pop_front();
    Pod& pod = context_.state.pods[id];
    if (pod.gone) continue;
    writer.busy = true;
    ++status_writes;
    ApiCall call;
    const bool last = pod.container == Container::kStopped && pod.deleting;
    call.verb = last ? ApiVerb::kDelete : ApiVerb::kUpdate;
    call.object = last ? ApiObject::kPod : ApiObject::kPodStatus;
    call.level = ApiLevel::kSystem;
    call.user = kKubeletUser + node;
    call.key = id;
    if (last)
      call.value = PodDeletionValue{true};
    else
      call.value = true_status(pod);
    call.bytes = static_cast<i32>(context_.params.controllers.pod_size.value);
    call.cause = pod.overloaded ? pod.overloaded : pod.cause;
    client_.submit(call, this, (static_cast<u64>(last ? kFinalDelete : kStatus) << 32) | node);
  }
}

void Kubelets::api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) {
  const NodeId node = static_cast<NodeId>(tag);
  Pod& pod = context_.state.pods[call.key];
  const bool final_delete = (tag >> 32) == kFinalDelete;
  writers_[node].busy = false;
  pod.status_queued = false;
  if (status == ApiStatus::kOk) {
    pod.write_failed = kNoIncident;
    pod.final_delete_sent = final_delete;
    // The overload is over and the start that the pod was created for is done.
    if (final_delete || std::get<PodStatusValue>(call.value).ready)
      pod.overloaded = pod.cause = kNoIncident;
  } else {
    ++status_writes_failed;
    if (incident != kNoIncident) pod.write_failed = incident;
  }
  // What changed meanwhile is written next; what merely failed waits for the resync.
  if (!final_delete && !pod.gone && std::get<PodStatusValue>(call.value) != true_status(pod))
    queue_status(call.key);
  write_next(node);
}

}  // namespace stampede::cluster
