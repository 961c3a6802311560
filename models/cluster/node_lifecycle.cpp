#include "models/cluster/node_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace stampede::cluster {
namespace {

const IncidentKind kNodesLost{
    "nodes_lost", "the control plane gives nodes up, as they do not renew their leases"};

}  // namespace

NodeLifecycle::NodeLifecycle(const Context& context, ApiServerPort& client)
    : context_(context),
      client_(client),
      component_(context.world.scheduler.add(this)),
      work_(context.state.nodes.size()),
      evicting_(context.state.nodes.size()) {}

void NodeLifecycle::start() {
  context_.world.scheduler.after(context_.params.node_lifecycle.scan_period, Priority::kControl,
                                 component_, 0);
}

void NodeLifecycle::handle(const Event&) {
  context_.world.scheduler.after(context_.params.node_lifecycle.scan_period, Priority::kControl,
                                 component_, 0);
  if (queue_.empty() && busy_ == 0) scan();
  evict(lost_);
}

void NodeLifecycle::scan() {
  const Instant now = context_.world.now();
  const NodeLifecycleParams& p = context_.params.node_lifecycle;
  i32 lost = 0;
  std::vector<IncidentId> why;  // of those that are lost since the last pass
  for (NodeId n = 0; n < context_.state.nodes.size(); ++n) {
    Node& node = context_.state.nodes[n];
    const bool silent = now - node.lease_seen > p.grace;
    if (silent && !node.lost) {
      context_.state.set_lost(n, true);
      ++nodes_lost;
      why.push_back(node.lease_failed);
    }
    if (!node.lost) continue;
    if (!silent && node.api_ready) {  // came back before it was written off
      context_.state.set_lost(n, false);
      node.tainted = evicting_[n] = false;
      continue;
    }
    ++lost;
  }
  report(lost, std::move(why));
  lost_ = lost;
  for (NodeId n = 0; lost > 0 && n < context_.state.nodes.size(); ++n) {
    work_[n] = {};
    const Node& node = context_.state.nodes[n];
    if (node.lost && now - node.lease_seen > p.grace && to_write(n)) queue_.push_back(n);
  }
  pump();
}

bool NodeLifecycle::to_write(NodeId n) const {
  const Node& node = context_.state.nodes[n];
  if (node.api_ready) return true;
  for (const PodId id : node.pods)
    if (context_.state.pods[id].api_ready) return true;
  return false;
}

void NodeLifecycle::pump() {
  while (busy_ < context_.params.node_lifecycle.workers && !queue_.empty()) {
    const NodeId n = queue_.front();
    queue_.pop_front();
    if (go_on(n)) ++busy_;
  }
}

// The next call of the worker that has this node: its status, then those of its pods. False: it has
// done with it, as it has when the node gives a sign of life.
bool NodeLifecycle::go_on(NodeId n) {
  const Node& node = context_.state.nodes[n];
  if (context_.world.now() - node.lease_seen <= context_.params.node_lifecycle.grace) return false;
  Work& work = work_[n];
  if (work.tries < 0 || !node.api_ready) {
    work.tries = -1;
    return mark_next_pod(n);
  }
  ++work.tries;
  submit(ApiVerb::kUpdate, ApiObject::kNodeStatus, n, NodeStatusValue{NodeCondition::kUnknown},
         cause_of(node), n);
  return true;
}

// One incident for each cause as long as nodes come and go: a kubelet that renews no lease still
// writes its status when it finds itself given up, and is given up again after the grace.
void NodeLifecycle::report(i32 lost, std::vector<IncidentId> why) {
  constexpr std::size_t kMost = 16;
  const NodeLifecycleParams& p = context_.params.node_lifecycle;
  if (lost == 0) {
    if (context_.world.now() - lost_at_ > p.grace + 2 * p.scan_period) told_.clear();
    return;
  }
  lost_at_ = context_.world.now();
  std::erase_if(why, [&](IncidentId cause) {
    return std::any_of(told_.begin(), told_.end(),
                       [&](const Told& told) { return told.cause == cause; });
  });
  if (!told_.empty() && (why.empty() || told_.size() >= kMost)) return;
  std::vector<IncidentId> causes = why;
  context_.add_trouble(causes);
  const IncidentId id =
      context_.world.incident(kNodesLost, context_.path, std::move(causes),
                              fmt::format("{} of {} nodes have not renewed their lease for {}",
                                          lost, context_.state.nodes.size(), print(p.grace)));
  if (why.empty()) why.push_back(kNoIncident);
  for (const IncidentId cause : why) told_.push_back({cause, id});
}

IncidentId NodeLifecycle::cause_of(const Node& node) const {
  if (!node.lost || told_.empty()) return node.lease_failed;
  for (const Told& told : told_)
    if (told.cause == node.lease_failed) return told.incident;
  return told_.back().incident;
}

bool NodeLifecycle::mark_next_pod(NodeId n) {
  const Node& node = context_.state.nodes[n];
  for (std::size_t& k = work_[n].next_pod; k < node.pods.size();) {
    const PodId id = node.pods[k++];
    const Pod& pod = context_.state.pods[id];
    if (!pod.api_ready) continue;
    PodStatusValue status = pod.api_status;
    status.ready = false;
    status.by = StatusWriter::kNodeLifecycle;
    submit(ApiVerb::kUpdate, ApiObject::kPodStatus, id, status, cause_of(node), n, pod.version);
    return true;
  }
  return false;
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
             cause_of(node));
    } else if (!evicting_[n] && now - node.tainted_at >= p.toleration) {
      evicting_[n] = true;
      for (const PodId id : node.pods) {
        if (context_.state.pods[id].deleting) continue;
        ++pods_evicted;
        submit(ApiVerb::kDelete, ApiObject::kPod, id, PodDeletionValue{false}, cause_of(node));
      }
    }
  }
}

void NodeLifecycle::submit(ApiVerb verb, ApiObject object, u32 key, const ApiValue& value,
                           IncidentId cause, u64 tag, u32 version) {
  ApiCall call;
  call.version = version;
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
  client_.submit(call, this, tag);
}

void NodeLifecycle::api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId) {
  const bool ok = status == ApiStatus::kOk;
  if (tag == kNobody) {
    if (call.object != ApiObject::kPod || ok) return;
    const NodeId node = context_.state.pods[call.key].node;
    if (node != kNoNode) evicting_[node] = false;  // tried again at the next scan
    return;
  }
  const NodeId n = static_cast<NodeId>(tag);
  Work& work = work_[n];
  if (call.object == ApiObject::kPodStatus) {
    if (ok) ++pods_marked;
  } else if (ok) {
    work.tries = -1;
  } else if (work.tries >= context_.params.node_lifecycle.status_tries) {
    work.tries = -1;  // left for the next pass, its pods too
    work.next_pod = context_.state.nodes[n].pods.size();
  }
  if (go_on(n)) return;
  --busy_;
  pump();
}

void NodeLifecycle::node_status_seen(NodeId n, bool ready) {
  Node& node = context_.state.nodes[n];
  node.api_ready = ready;
  if (!ready) return;
  node.lease_seen = context_.world.now();  // a status is a sign of life like a lease
  if (node.lost) context_.state.set_lost(n, false);
  node.tainted = evicting_[n] = false;
}

}  // namespace stampede::cluster
