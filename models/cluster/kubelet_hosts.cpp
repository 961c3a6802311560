// What becomes of a node's containers and of what its kubelet has to say, when the host dies, is
// out of reach, or is back.
#include "models/cluster/kubelet.h"
#include "models/cluster/pod_edit.h"

namespace stampede::cluster {

void Kubelets::node_died(NodeId node, IncidentId cause) {
  node_detached(node, cause);  // nobody is told: connections hang, as to a host out of reach
  for (const PodId id : context_.state.nodes[node].pods) {
    PodEdit e(context_.state, id);
    e->container = Container::kNone;
    e->ready = e->ending = e->asked = e->fetched = false;
    e->failures = e->successes = 0;
    e->sampled_at = Instant{-1};
    ++e->generation;
  }
}

void Kubelets::node_detached(NodeId node, IncidentId cause) {
  Writer& writer = writers_[node];
  for (const PodId id : writer.queue) context_.state.pods[id].status_queued = false;
  writer.queue.clear();
  node_cut_off(node, cause);
}

void Kubelets::node_started(NodeId node, IncidentId cause) {
  const std::vector<PodId> pods = context_.state.nodes[node].pods;
  for (const PodId id : pods) {
    Pod& pod = context_.state.pods[id];
    context_.runtime.pod_killed(id, pod.workload, context_.state.nodes[node].harmed_by);
    if (pod.restarts < UINT16_MAX) ++pod.restarts;
  }
  if (!context_.state.nodes[node].silent()) node_attached(node, cause);
}

void Kubelets::node_cut_off(NodeId node, IncidentId cause) {
  for (const PodId id : context_.state.nodes[node].pods) {
    PodEdit(context_.state, id).touch();
    context_.runtime.pod_cut_off(id, cause);
  }
}

void Kubelets::node_connected(NodeId node) {
  if (context_.state.nodes[node].silent()) return;
  for (const PodId id : context_.state.nodes[node].pods) {
    PodEdit(context_.state, id).touch();
    context_.runtime.pod_reached(id);
  }
}

// Its kubelet reads what it has missed: pods that are new here, pods to end, statuses to write.
void Kubelets::node_attached(NodeId node, IncidentId cause) {
  const std::vector<PodId> pods = context_.state.nodes[node].pods;
  for (const PodId id : pods) {
    context_.runtime.pod_reached(id);
    Pod& pod = context_.state.pods[id];
    PodEdit(context_.state, id).touch();
    if (pod.container == Container::kNone) {
      pod.cause = cause;
      pod_bound(id);
    } else if (pod.deleting && pod.container != Container::kStopped) {
      stop(id);
    } else if (pod.container == Container::kStopped || pod.api_status != true_status(pod)) {
      queue_status(id);
    }
  }
}

}  // namespace stampede::cluster
