#include "models/cluster/cluster_state.h"

#include "models/cluster/pod_edit.h"

namespace stampede::cluster {
namespace {

void add_to(PodCounts& c, const Pod& p, i64 sign) {
  const bool object = p.created && !p.gone, active = object && !p.deleting;
  if (object) c.objects += sign;
  if (active) c.active += sign;
  if (active && !p.running) c.pending += sign;
  if (p.container == Container::kServing) c.running += sign;
  if (p.ready) c.ready += sign;
  if (active && p.api_ready) c.reported_ready += sign;
  if (p.routable) c.routable += sign;
  if (p.zombie) c.zombies += sign;
}

}  // namespace

ClusterState::ClusterState(World& w, const ClusterParams& p) : world(w), params(p) {
  nodes.resize(static_cast<std::size_t>(p.nodes));
  nodes.back().charged_gpus = p.missing_gpus;  // never released
  free_gpus = total_gpus();
  for (const WorkloadParams& workload : p.workloads) {
    Workload& added = workloads.emplace_back();
    added.params = workload;
    added.scale_replicas = added.desired = added.status_replicas = workload.replicas;
  }
}

PodId ClusterState::new_pod(WorkloadId workload, IncidentId cause) {
  const PodId id = static_cast<PodId>(pods.size());
  Pod& pod = pods.emplace_back();
  pod.workload = workload;
  pod.cause = cause;
  return id;
}

void ClusterState::bind(PodId pod, NodeId node) {
  Node& n = nodes[node];
  PodEdit e(*this, pod);
  e->node = node;
  e->place = static_cast<u32>(n.pods.size());
  n.pods.push_back(pod);
}

void ClusterState::charge(PodId pod, NodeId node) {
  Pod& p = pods[pod];
  const i32 gpus = gpus_of(pod);
  if (p.charged != kNoNode) {
    nodes[p.charged].charged_gpus -= gpus;
    workloads[p.workload].charged_gpus -= gpus;
    free_gpus += gpus;
  }
  p.charged = node;
  if (node != kNoNode) {
    nodes[node].charged_gpus += gpus;
    workloads[p.workload].charged_gpus += gpus;
    free_gpus -= gpus;
  }
}

void ClusterState::forget(PodId pod) {
  Workload& workload = workloads[pods[pod].workload];
  {
    PodEdit e(*this, pod);
    e->gone = true;
    e->ready = e->running = e->api_ready = false;
    e->container = Container::kStopped;
    ++e->generation;
  }
  Pod& p = pods[pod];
  charge(pod, kNoNode);
  if (p.node != kNoNode) {
    std::vector<PodId>& here = nodes[p.node].pods;
    here[p.place] = here.back();
    pods[here[p.place]].place = p.place;
    here.pop_back();
  }
  ++workload.gone_total;
  // Members are compacted when half of them are gone: constant work a pod.
  std::vector<PodId>& members = workload.members;
  if (members.size() > 64 && static_cast<i64>(members.size()) > 2 * workload.counts.objects)
    std::erase_if(members, [this](PodId id) { return pods[id].gone; });
}

void ClusterState::set_lost(NodeId node, bool lost) {
  nodes[node].lost = lost;
  for (const PodId pod : nodes[node].pods) PodEdit(*this, pod).touch();
}

i64 ClusterState::wanted_gpus() const {
  i64 sum = 0;
  for (const Workload& w : workloads) sum += i64{w.scale_replicas} * w.params.gpus_per_pod;
  return sum;
}

void ClusterState::begin_edit(PodId id) {
  add_to(workloads[pods[id].workload].counts, pods[id], -1);
}

void ClusterState::end_edit(PodId id) {
  Pod& p = pods[id];
  const bool candidate = p.ready && !p.routable && !p.deleting && !p.gone;
  const bool added = candidate && !p.candidate;
  p.candidate = candidate;
  if (!candidate) p.zombie = false;
  if (added) {
    p.candidate_since = world.now();
    candidates.emplace_back(world.now(), id);
  }
  // What its controllers want the view to say. Of a silent node they know what it said last.
  const Node* node = p.node == kNoNode ? nullptr : &nodes[p.node];
  const bool ready = node != nullptr && node->silent() ? p.api_ready : p.ready;
  const bool listed = !p.deleting && !p.gone && (node == nullptr || !node->lost) &&
                      (ready || (params.endpoints.publish_not_ready && true_status(p).running));
  const bool unpublished_now = listed != p.routable;
  if (unpublished_now && !p.unpublished) {
    p.unpublished_since = world.now();
    unpublished.emplace_back(world.now(), id);
  }
  p.unpublished = unpublished_now;
  add_to(workloads[p.workload].counts, p, 1);
  if (added && zombie_listener) zombie_listener->candidate_added();
}

Instant ClusterState::unpublished_since() {
  while (!unpublished.empty()) {
    const auto [since, id] = unpublished.front();
    if (pods[id].unpublished && pods[id].unpublished_since == since) return since;
    unpublished.pop_front();
  }
  return kNever;
}

void ClusterState::verify() const {
  i64 charged = -i64{params.missing_gpus};
  for (const Node& n : nodes) {
    STAMPEDE_CHECK(n.charged_gpus >= 0, "a node's charged GPUs are negative");
    charged += n.charged_gpus;
  }
  STAMPEDE_CHECK(charged + free_gpus == total_gpus(), "GPUs are not conserved");
  i64 pods_charged = 0;
  for (std::size_t w = 0; w < workloads.size(); ++w) {
    const Workload& workload = workloads[w];
    PodCounts fresh;
    for (const PodId id : workload.members) {
      add_to(fresh, pods[id], 1);
      if (pods[id].charged != kNoNode) pods_charged += workload.params.gpus_per_pod;
    }
    fresh.routable = workload.counts.routable;  // a pod may leave the view after it is gone
    STAMPEDE_CHECK(fresh == workload.counts, "counts of pods differ from the pods");
    STAMPEDE_CHECK(
        static_cast<i64>(workload.created_total - workload.gone_total) == workload.counts.objects,
        "pods are not conserved");
  }
  STAMPEDE_CHECK(pods_charged == charged, "GPUs charged without a pod");
}

PodStatusValue true_status(const Pod& pod) {
  const bool up = pod.container >= Container::kLoading && pod.container <= Container::kStopping;
  return {pod.ready, up, true, StatusWriter::kKubelet, pod.restarts};
}

}  // namespace stampede::cluster
