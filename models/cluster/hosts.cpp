#include "models/cluster/hosts.h"

#include <algorithm>

#include "models/cluster/node_lease.h"

namespace stampede::cluster {
namespace {

const IncidentKind kNodesFailed{"nodes_failed", "nodes are dead"};
const IncidentKind kNodesRepaired{"nodes_repaired", "dead nodes are back"};
const IncidentKind kNodesIsolated{"nodes_isolated",
                                  "pods that start on nodes from now on are reached by nobody"};
const IncidentKind kNodesConnected{"nodes_connected", "pods there are reached again"};
const IncidentKind kNodesDetached{"nodes_detached", "nodes lose their network while they go on"};
const IncidentKind kNodesAttached{"nodes_attached", "they have their network again"};
const IncidentKind kRepairPaced{"repair_paced",
                                "nodes that come back one after another do so at another rate"};
const IncidentKind kNodesCordoned{"nodes_cordoned", "no new pods are placed on nodes"};
const IncidentKind kNodesUncordoned{"nodes_uncordoned", "pods may be placed on them again"};
enum Kind : u8 { kLook, kCordonAgain, kNextBack };
enum Reply : u64 { kCordoned, kEvicted };
constexpr Duration kEvictionRetry = 5_s;  // kubectl's, while a budget refuses
}  // namespace

Hosts::Hosts(const Context& context, ApiServerPort& client, NodeRuntime& kubelets,
             NodeLeases& leases)
    : context_(context),
      client_(client),
      kubelets_(kubelets),
      leases_(leases),
      component_(context.world.scheduler.add(this)),
      cordoned_by_(context.state.nodes.size()),
      going_(context.state.workloads.size()) {}

u32 Hosts::zone_of(NodeId node) const { return node % static_cast<u32>(context_.params.zones); }

IncidentId Hosts::note(const IncidentKind& kind, const std::vector<NodeId>& nodes,
                       IncidentId cause) {
  return context_.world.incident(kind, context_.path, {cause},
                                 std::to_string(nodes.size()) + " of " +
                                     std::to_string(context_.state.nodes.size()) + " nodes");
}

// With its network a host that is dead is not back.
IncidentId Hosts::note_back(const IncidentKind& kind, const std::vector<NodeId>& nodes,
                            IncidentId healed, IncidentId noted) {
  if (nodes.empty()) context_.world.idle(healed);
  if (nodes.empty() || noted != kNoIncident) return noted;
  std::vector<NodeId> alive;
  for (const NodeId n : nodes)
    if (context_.state.nodes[n].dead == 0) alive.push_back(n);
  if (!alive.empty()) return note(kind, alive, healed);
  return context_.world.ease(kind, context_.path, kNoIncident, {healed}, "", Remains::kLess);
}

// ---- dead or out of reach --------------------------------------------------------------------
void Hosts::fail(const std::vector<NodeId>& nodes, IncidentId cause) {
  const IncidentId failed = note(kNodesFailed, nodes, cause);
  for (const NodeId n : nodes) {
    Node& node = context_.state.nodes[n];
    node.harmed_by = failed;
    if (node.dead++ > 0) continue;
    kubelets_.node_died(n, failed);
  }
}

void Hosts::repair(const std::vector<NodeId>& nodes, const NodeReturn& how, IncidentId healed) {
  bring_back(nodes, how, true, healed);
}

void Hosts::attach(const std::vector<NodeId>& nodes, const NodeReturn& how, IncidentId healed) {
  bring_back(nodes, how, false, healed);
}

void Hosts::bring_back(const std::vector<NodeId>& nodes, const NodeReturn& how, bool dead,
                       IncidentId healed) {
  if (how.each.ns == 0) {
    if (dead)
      repaired(nodes, how.cold, healed, kNoIncident);
    else
      attached(nodes, how, healed, kNoIncident);
    return;
  }
  Queue& queue = queues_.emplace_back();
  queue.nodes = nodes;
  queue.how = how;
  queue.healed = healed;
  queue.dead = dead;
  await_next(static_cast<u32>(queues_.size() - 1));
}

void Hosts::await_next(u32 number) {
  Queue& queue = queues_[number];
  queue.next = context_.world.scheduler.after(queue.how.each, Priority::kFault, component_,
                                              kNextBack, number);
}

// The first that is back is told, and that all are.
void Hosts::next_back(u32 number) {
  Queue& queue = queues_[number];
  const std::vector<NodeId> one{queue.nodes[queue.back++]};
  queue.first = queue.dead ? repaired(one, queue.how.cold, queue.healed, queue.first)
                           : attached(one, queue.how, queue.healed, queue.first);
  if (!queue.over())
    await_next(number);
  else if (queue.nodes.size() > 1)
    note(queue.dead ? kNodesRepaired : kNodesAttached, queue.nodes,
         queue.paced ? queue.paced : queue.first);
}

bool Hosts::pace_return(Duration each, IncidentId cause) {
  IncidentId paced = kNoIncident;
  for (u32 k = 0; k < queues_.size(); ++k) {
    if (queues_[k].over()) continue;
    if (paced == kNoIncident)
      paced = context_.world.incident(kRepairPaced, context_.path, {cause},
                                      "one node each " + print(each));
    queues_[k].paced = paced;
    queues_[k].how.each = each;
    context_.world.scheduler.cancel(queues_[k].next);
    await_next(k);
  }
  return paced != kNoIncident;
}

IncidentId Hosts::repaired(const std::vector<NodeId>& nodes, bool cold, IncidentId healed,
                           IncidentId noted) {
  std::vector<NodeId> back;
  for (const NodeId n : nodes) {
    Node& node = context_.state.nodes[n];
    node.cold = node.cold || cold;
    if (--node.dead == 0) back.push_back(n);
  }
  noted = note_back(kNodesRepaired, back, healed, noted);
  for (const NodeId n : back) {
    kubelets_.node_started(n, noted);
    if (!context_.state.nodes[n].silent()) leases_.node_speaks(n);
  }
  return noted;
}

void Hosts::detach(const std::vector<NodeId>& nodes, IncidentId cause) {
  const IncidentId detached = note(kNodesDetached, nodes, cause);
  for (const NodeId n : nodes) {
    Node& node = context_.state.nodes[n];
    node.harmed_by = detached;
    if (node.detached++ == 0 && node.dead == 0) kubelets_.node_detached(n, detached);
  }
}

IncidentId Hosts::attached(const std::vector<NodeId>& nodes, const NodeReturn& how,
                           IncidentId healed, IncidentId noted) {
  std::vector<NodeId> back;
  for (const NodeId n : nodes) {
    if (how.anew && context_.state.nodes[n].dead == 0)
      kubelets_.node_died(n, context_.state.nodes[n].harmed_by);
    context_.state.nodes[n].cold = context_.state.nodes[n].cold || how.cold;
    if (--context_.state.nodes[n].detached == 0) back.push_back(n);
  }
  noted = note_back(kNodesAttached, back, healed, noted);
  for (const NodeId n : back) {
    if (context_.state.nodes[n].dead > 0) continue;
    if (how.anew)
      kubelets_.node_started(n, noted);
    else
      kubelets_.node_attached(n, noted);
    leases_.node_speaks(n);
  }
  return noted;
}

void Hosts::isolate(const std::vector<NodeId>& nodes, IncidentId cause) {
  const IncidentId isolated = note(kNodesIsolated, nodes, cause);
  for (const NodeId n : nodes) context_.state.nodes[n].isolated_by = isolated;
}

void Hosts::cut_off(const std::vector<NodeId>& nodes, IncidentId cause) {
  isolate(nodes, cause);
  for (const NodeId n : nodes) kubelets_.node_cut_off(n, context_.state.nodes[n].isolated_by);
}

void Hosts::connect(const std::vector<NodeId>& nodes, IncidentId healed) {
  note(kNodesConnected, nodes, healed);
  for (const NodeId n : nodes) {
    context_.state.nodes[n].isolated_by = kNoIncident;
    kubelets_.node_connected(n);
  }
}

// ---- closed and emptied ----------------------------------------------------------------------
void Hosts::cordon(const std::vector<NodeId>& nodes, IncidentId cause) {
  const IncidentId cordoned = note(kNodesCordoned, nodes, cause);
  for (const NodeId n : nodes) {
    cordoned_by_[n] = cordoned;
    if (context_.state.nodes[n].cordons++ == 0) write_cordon(n);
  }
}

void Hosts::uncordon(const std::vector<NodeId>& nodes, IncidentId healed) {
  std::vector<NodeId> open;
  for (const NodeId n : nodes)
    if (--context_.state.nodes[n].cordons == 0) open.push_back(n);
  std::erase_if(draining_, [&](const Drain& d) {
    return std::find(open.begin(), open.end(), d.node) != open.end();
  });
  if (open.empty()) return context_.world.idle(healed);
  const IncidentId opened = note(kNodesUncordoned, open, healed);
  for (const NodeId n : open) {
    cordoned_by_[n] = opened;
    write_cordon(n);
  }
}

void Hosts::write_cordon(NodeId n) {
  ApiCall call;
  call.verb = ApiVerb::kUpdate;
  call.object = ApiObject::kNodeStatus;
  call.level = ApiLevel::kGlobalDefault;
  call.user = kOperatorUser;
  call.key = n;
  call.value = NodeStatusValue{context_.state.nodes[n].cordons > 0 ? NodeCondition::kCordoned
                                                                   : NodeCondition::kUncordoned};
  call.bytes = static_cast<i32>(context_.params.kubelet.node_status_size.value);
  call.cause = cordoned_by_[n];
  client_.submit(call, this, kCordoned);
}

void Hosts::drain(const std::vector<NodeId>& nodes, i32 max_unavailable, IncidentId cause) {
  cordon(nodes, cause);
  for (const NodeId n : nodes) draining_.push_back({n, max_unavailable, cordoned_by_[n]});
  evict();
}

void Hosts::evict() {
  std::erase_if(draining_, [this](const Drain& drain) { return evict_from(drain); });
  if (draining_.empty() || look_pending_) return;
  look_pending_ = true;
  context_.world.scheduler.after(kEvictionRetry, Priority::kControl, component_, kLook);
}

// True if nothing is left there that is not ending.
bool Hosts::evict_from(const Drain& drain) {
  bool empty = true;
  for (const PodId id : context_.state.nodes[drain.node].pods) {
    const Pod& pod = context_.state.pods[id];
    if (pod.deleting || pod.gone) continue;
    empty = false;
    if (pod.evicting || !budget_allows(pod.workload, drain.max_unavailable)) continue;
    context_.state.pods[id].evicting = true;
    ++going_[pod.workload];
    ++pods_evicted;
    ApiCall call;
    call.verb = ApiVerb::kDelete;
    call.object = ApiObject::kPod;
    call.level = ApiLevel::kGlobalDefault;
    call.user = kOperatorUser;
    call.key = id;
    call.value = PodDeletionValue{false};
    call.bytes = static_cast<i32>(context_.params.controllers.pod_size.value);
    call.cause = drain.cause;
    client_.submit(call, this, kEvicted);
  }
  return empty;
}

bool Hosts::budget_allows(WorkloadId w, i32 max_unavailable) const {
  if (max_unavailable == 0) return true;
  const Workload& workload = context_.state.workloads[w];
  return workload.desired - workload.counts.reported_ready + going_[w] < max_unavailable;
}

void Hosts::handle(const Event& event) {
  if (event.kind == kCordonAgain) return write_cordon(event.subject);
  if (event.kind == kNextBack) return next_back(event.subject);
  look_pending_ = false;
  evict();
}

void Hosts::api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId) {
  if (tag == kCordoned) {
    if (status == ApiStatus::kOk) return;
    context_.world.scheduler.after(context_.params.controllers.operator_retry, Priority::kControl,
                                   component_, kCordonAgain, call.key);
    return;
  }
  Pod& pod = context_.state.pods[call.key];
  --going_[pod.workload];
  pod.evicting = false;  // refused: tried again at the next look
}

}  // namespace stampede::cluster
