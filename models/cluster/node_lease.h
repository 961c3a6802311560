// Node leases and node statuses, as the kubelets write them.
// State: a node's lease = waiting -> renewing (up to five tries back to back, each with a deadline
//        within which answers 429 are repeated every second) -> waiting
//        | reading the lease with a doubling backoff until it answers -> renewing -> waiting.
//        A renewal is based on the version that the kubelet knows: after a time-out that took
//        effect the next one meets a conflict, reads, and goes on with its tries.
//        A node's status: looked at on a grid of `node_status_look`; written if what stands there
//        differs (the node was given up) or `node_status_period` has passed.
//        A silent node does none of it. Where services are asked first, a renewal waits for them.
// Source: component-helpers apimachinery/lease/controller.go, client-go rest/with_retry.go: no
// limiter; 429 costs ten calls a try, an immediate error five calls a cycle, a time-out one in 10
// s; pkg/kubelet/kubelet_node_status.go tryUpdateNodeStatus (10 s, 5 min).
// Limits: a status is tried once a look (the kubelet: up to five times, each after a read); looks
// that would find nothing are left out.
#pragma once
#include "models/cluster/context.h"
#include "models/ports/service_port.h"

namespace stampede::cluster {

class NodeLeases final : public Component, public ApiCaller, public ServiceCaller {
 public:
  NodeLeases(const Context& context, ApiServerPort& api);
  void start();
  void node_given_up(NodeId node);  // informer: its status says that it is not ready
  void node_speaks(NodeId node);    // its kubelet is started, or reaches the API server again
  // What a renewal needs before it goes to the API server: without an answer it is left out.
  void ask_before_renewal(ServicePort* services) { services_ = services; }
  void service_replied(u32 node, const ServiceReply& reply) override;
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 calls = 0, failures = 0, conflicts = 0, statuses = 0;

 private:
  struct Lease {
    bool reading = false, second_round = false, conflict = false;
    u32 version = 0;  // of the lease, as this kubelet knows it
    i32 tries = 0;
    u32 reads = 0, rounds = 0;
    Instant try_ends{};
    bool status_busy = false, look_pending = false;
  };
  void renew(NodeId node);
  void send(NodeId node);
  void try_failed(NodeId node);
  void wait(NodeId node);
  void look_at_status(NodeId node);
  void write_status(NodeId node);

  Context context_;
  ApiServerPort& api_;
  ComponentId component_;
  StreamKey phase_, jitter_;
  std::vector<Lease> leases_;        // [node]
  ServicePort* services_ = nullptr;  // null: it needs none
};

}  // namespace stampede::cluster
