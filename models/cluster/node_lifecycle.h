// The node lifecycle controller: gives up nodes whose leases stop, marks their pods, evicts.
// State: node = well -> lost (no lease for the grace period: node status and each pod's Ready=False
//        are written) -> tainted (at the zone's rate) -> evicted after the toleration; a node
//        status from its kubelet makes it well again. In a full disruption no node is or stays
//        tainted.
// Source: kubernetes pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.28).
// Limits: one zone; it never loses its own leader election.
#pragma once
#include "models/cluster/context.h"

namespace stampede::cluster {

class NodeLifecycle final : public Component, public ApiCaller {
 public:
  NodeLifecycle(const Context& context, ApiServerPort& client);
  void start();
  void node_status_seen(NodeId node, bool ready);  // informer
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 nodes_lost = 0, pods_marked = 0, pods_evicted = 0;

 private:
  void scan();
  void give_up(NodeId node);
  void mark_pods(NodeId node);
  void evict(i32 lost);
  void submit(ApiVerb verb, ApiObject object, u32 key, const ApiValue& value, IncidentId cause);

  Context context_;
  ApiServerPort& client_;
  ComponentId component_;
  std::vector<bool> node_write_;  // [node] under way
  std::vector<bool> evicting_;    // [node] its pods' deletions were sent
  double taint_tokens_ = 0;
};

}  // namespace stampede::cluster
