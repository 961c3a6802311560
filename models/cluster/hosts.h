// What happens to a cluster's hosts, and what is done with them by hand.
// State: a node = well -> dead (nothing of it is heard; its containers are gone) -> back: its
//        kubelet registers and starts what is bound there
//        | -> detached (what runs goes on, unseen) -> attached: its kubelet catches up, or, if it
//        was installed anew, starts what is bound there. Several come back at once, or one after
//        another.
//        A node = connected -> isolated (pods that start there are not reached), or cut off (nor
//        are those that run) -> connected.
//        A node = open -> cordoned (by a write through the API) -> open; -> draining: its pods are
//        evicted as the budget allows, looked at every five seconds.
// Source: kubernetes node controller and kubelet: pods of a silent node stay bound, marked unready
// by the lifecycle controller, and end only when its kubelet says so; kubectl drain
// (pkg/drain/drain.go: cordon, evictions retried after 5 s while a disruption budget refuses).
// Limits: a budget counts pods that are not reported ready, of a workload's desired ones; no pod is
// deleted by force; on an isolated node that is detached and attached again all pods are reached.
#pragma once
#include <vector>

#include "models/cluster/context.h"
#include "models/cluster/node_runtime.h"
#include "models/ports/node_control_port.h"

namespace stampede::cluster {

class NodeLeases;

class Hosts final : public Component, public ApiCaller, public NodeControlPort {
 public:
  // `client`: of the operators.
  Hosts(const Context& context, ApiServerPort& client, NodeRuntime& kubelets, NodeLeases& leases);

  u32 nodes() const override { return static_cast<u32>(context_.state.nodes.size()); }
  u32 zone_of(NodeId node) const override;
  bool silent(NodeId node) const override { return context_.state.nodes[node].silent(); }
  void fail(const std::vector<NodeId>& nodes, IncidentId cause) override;
  void repair(const std::vector<NodeId>& nodes, const NodeReturn& how, IncidentId healed) override;
  void detach(const std::vector<NodeId>& nodes, IncidentId cause) override;
  void attach(const std::vector<NodeId>& nodes, const NodeReturn& how, IncidentId healed) override;
  bool pace_return(Duration each, IncidentId cause) override;
  void cordon(const std::vector<NodeId>& nodes, IncidentId cause) override;
  void uncordon(const std::vector<NodeId>& nodes, IncidentId healed) override;
  void isolate(const std::vector<NodeId>& nodes, IncidentId cause) override;
  void cut_off(const std::vector<NodeId>& nodes, IncidentId cause) override;
  void connect(const std::vector<NodeId>& nodes, IncidentId healed) override;
  void drain(const std::vector<NodeId>& nodes, i32 max_unavailable, IncidentId cause) override;

  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 pods_evicted = 0;

 private:
  struct Drain {
    NodeId node = kNoNode;
    i32 max_unavailable = 0;
    IncidentId cause = kNoIncident;
  };
  // Nodes that come back one after another.
  struct Queue {
    std::vector<NodeId> nodes;
    NodeReturn how;
    IncidentId healed = kNoIncident, first = kNoIncident, paced = kNoIncident;
    bool dead = false;
    std::size_t back = 0;
    EventHandle next{};
    bool over() const { return back == nodes.size(); }
  };
  void await_next(u32 queue);
  void next_back(u32 queue);
  void bring_back(const std::vector<NodeId>& nodes, const NodeReturn& how, bool dead,
                  IncidentId healed);
  // `noted`: the incident of it, if there is one already. Returns it; none: other faults go on.
  IncidentId repaired(const std::vector<NodeId>& nodes, bool cold, IncidentId healed,
                      IncidentId noted);
  IncidentId attached(const std::vector<NodeId>& nodes, const NodeReturn& how, IncidentId healed,
                      IncidentId noted);
  IncidentId note_back(const IncidentKind& kind, const std::vector<NodeId>& nodes,
                       IncidentId healed, IncidentId noted);
  IncidentId note(const IncidentKind& kind, const std::vector<NodeId>& nodes, IncidentId cause);
  void write_cordon(NodeId node);
  void evict();
  bool evict_from(const Drain& drain);
  bool budget_allows(WorkloadId workload, i32 max_unavailable) const;

  Context context_;
  ApiServerPort& client_;
  NodeRuntime& kubelets_;
  NodeLeases& leases_;
  ComponentId component_;
  std::vector<IncidentId> cordoned_by_;  // [node] what wants it so, or wants it open again
  std::vector<i64> going_;               // [workload] evicted, and not yet seen to be deleted
  std::vector<Drain> draining_;
  std::vector<Queue> queues_;
  bool look_pending_ = false;
};

}  // namespace stampede::cluster
