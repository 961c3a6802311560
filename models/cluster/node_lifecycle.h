// The node lifecycle controller: gives up nodes whose leases stop, marks their pods, evicts.
// State: node = well -> lost (neither a lease nor a status of its kubelet for the grace period:
// node
//        status and each pod's Ready=False are written, by few workers; incident `nodes_lost` when
//        the first of them is, and for each cause) -> tainted (at the zone's rate) -> evicted after
//        the toleration; a node status from its kubelet makes it well again. In a full disruption
//        no node is or stays tainted.
// Source: kubernetes pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.28).
// Limits: a node's status is written again without the read before it; one zone; it never loses its
// own leader election.
#pragma once
#include <deque>

#include "models/cluster/context.h"

namespace stampede::cluster {

class NodeLifecycle final : public Component, public ApiCaller {
 public:
  NodeLifecycle(const Context& context, ApiServerPort& client);
  void start();
  void node_status_seen(NodeId node, bool ready);  // informer
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  IncidentId lost() const {  // while some node is
    return lost_ > 0 && !told_.empty() ? told_.back().incident : kNoIncident;
  }
  u64 nodes_lost = 0, pods_marked = 0, pods_evicted = 0;

 private:
  void scan();
  void report(i32 lost, std::vector<IncidentId> why);
  IncidentId cause_of(const Node& node) const;
  bool to_write(NodeId node) const;
  void pump();
  bool go_on(NodeId node);
  bool mark_next_pod(NodeId node);
  void evict(i32 lost);
  void submit(ApiVerb verb, ApiObject object, u32 key, const ApiValue& value, IncidentId cause,
              u64 tag = kNobody, u32 version = kAnyVersion);

  // A pass over the nodes: so many workers, each with one node and one call at a time, as the
  // controller waits for the answer; the next pass begins when all have ended.
  struct Work {
    i32 tries = 0;             // of the node's status; -1: it is written, or left
    std::size_t next_pod = 0;  // of the node's
  };
  static constexpr u64 kNobody = UINT64_MAX;

  Context context_;
  ApiServerPort& client_;
  ComponentId component_;
  std::deque<NodeId> queue_;    // of the pass
  i32 busy_ = 0;                // workers
  std::vector<Work> work_;      // [node]
  std::vector<bool> evicting_;  // [node] its pods' deletions were sent
  double taint_tokens_ = 0;
  i32 lost_ = 0;       // as of the last pass
  Instant lost_at_{};  // the last pass that found one
  struct Told {
    IncidentId cause, incident;
  };
  std::vector<Told> told_;  // until all have stayed
};

}  // namespace stampede::cluster
