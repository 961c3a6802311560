#include "models/cluster/node_lifecycle.h"

namespace stampede::cluster {

NodeLifecycle::NodeLifecycle(const Context& context, ApiServerPort& client)
    : context_(context),
      client_(client),
      component_(context.world.scheduler.add(this)),
      node_write_(context.state.nodes.size()),
      evicting_(context.state.nodes.size()) {}

void NodeLifecycle::start() {
  context_.world.scheduler.after(context_.params.node_lifecycle.scan_period, Priority::kControl,
                                 component_, 0);
}

void NodeLifecycle::handle(const Event&) {
  context_.world.scheduler.after(context_.params.node_lifecycle.scan_period, Priority::kControl,
                                 component_, 0);
  scan();
}

void NodeLifecycle::scan() {
  const Instant now = context_.world.now();
  const NodeLifecycleParams& p = context_.params.node_lifecycle;
  i32 lost = 0;
  for (NodeId n = 0; n < context_.state.nodes.size(); ++n) {
    Node& node = context_.state.nodes[n];
    const bool silent = now - node.lease_seen > p.grace;
    if (silent && !node.lost) {
      node.lost = true;
      ++nodes_lost;
    }
    if (!node.lost) continue;
    if (!silent && node.api_ready && !node_write_[n]) {  // came back before it was written off
      node.lost = false;
      node.tainted = evicting_[n] = false;
      continue;
    }
    ++lost;
    if (silent) give_up(n);
  }
  evict(lost);
}

void NodeLifecycle::give_up(NodeId n) {
  Node& node = context_.state.nodes[n];
  if (node.api_ready && !node_write_[n]) {
    node_write_[n] = true;
    submit(ApiVerb::kUpdate, ApiObject::kNodeStatus, n, NodeStatusValue{NodeCondition::kUnknown},
           node.lease_failed);
  }
  mark_pods(n);
}

void NodeLifecycle::mark_pods(NodeId n) {
  const Node& node = context_.state.nodes[n];
  for (const PodId id : node.pods) {
    Pod& pod = context_.state.pods[id];
    if (!pod.api_ready || pod.lifecycle_write) continue;
    pod.lifecycle_write = true;
    PodStatusValue status = pod.api_status;
    status.ready = false;
    status.by = StatusWriter::kNodeLifecycle;
    submit(ApiVerb::kUpdate, ApiObject::kPodStatus, id, status,
           node.lease_failed != kNoIncident ? node.lease_failed : pod.cause);
  }
}

void NodeLifecycle::evict(i32 lost) {
  const NodeLifecycleParams& p = context_.params.node_lifecycle;
  std::vector<Node>& nodes = context_.state.nodes;
  const i32 all = static_cast<i32>(nodes.size());
  if (lost == 0) return;
  if (lost == all) {  // full disruption
    for (NodeId n = 0; n < nodes.size(); ++n) nodes[n].tainted = evicting_[n] = false;
    taint_tokens_ = 0;
    return;
  }
  double rate = p.eviction_rate.per_second;
  if (lost > 2 && lost >= p.partial_disruption.value * all)
    rate = all > p.large_zone ? p.partial_eviction_rate.per_second : 0;
  taint_tokens_ += rate * p.scan_period.seconds();
  if (taint_tokens_ > 1 && rate * p.scan_period.seconds() < 1) taint_tokens_ = 1;
  const Instant now = context_.world.now();
  for (NodeId n = 0; n < nodes.size(); ++n) {
    Node& node = nodes[n];
    if (!node.lost || node.api_ready) continue;
    if (!node.tainted) {
      if (taint_tokens_ < 1) continue;
      taint_tokens_ -= 1;
      node.tainted = true;
      node.tainted_at = now;
      submit(ApiVerb::kUpdate, ApiObject::kNodeStatus, n, NodeStatusValue{NodeCondition::kTainted},
             node.lease_failed);
    } else if (!evicting_[n] && now - node.tainted_at >= p.toleration) {
      evicting_[n] = true;
      for (const PodId id : node.pods) {
        if (context_.state.pods[id].deleting) continue;
        ++pods_evicted;
        submit(ApiVerb::kDelete, ApiObject::kPod, id, PodDeletionValue{false}, node.lease_failed);
      }
    }
  }
}

void NodeLifecycle::submit(ApiVerb verb, ApiObject object, u32 key, const ApiValue& value,
                           IncidentId cause) {
  ApiCall call;
  call.verb = verb;
  call.object = object;
  call.level = ApiLevel::kWorkloadHigh;
  call.user = kControllerUser;
  call.key = key;
  call.value = value;
  call.bytes = static_cast<i32>(object == ApiObject::kNodeStatus
                                    ? context_.params.kubelet.node_status_size.value
                                    : context_.params.controllers.pod_size.value);
  call.cause = cause;
  client_.submit(call, this, 0);
}

void NodeLifecycle::api_replied(u64, const ApiCall& call, ApiStatus status, IncidentId) {
  if (call.object == ApiObject::kNodeStatus) {
    if (std::get<NodeStatusValue>(call.value).condition == NodeCondition::kUnknown)
      node_write_[call.key] = false;
  } else if (call.object == ApiObject::kPodStatus) {
    context_.state.pods[call.key].lifecycle_write = false;
    if (status == ApiStatus::kOk) ++pods_marked;
  } else if (call.object == ApiObject::kPod && status != ApiStatus::kOk) {
    const NodeId node = context_.state.pods[call.key].node;
    if (node != kNoNode) evicting_[node] = false;  // tried again at the next scan
  }
}

void NodeLifecycle::node_status_seen(NodeId n, bool ready) {
  Node& node = context_.state.nodes[n];
  node.api_ready = ready;
  if (!ready) return;
  node.lost = node.tainted = false;
  evicting_[n] = false;
}

}  // namespace stampede::cluster
