// Node leases and node statuses, as the kubelets write them.
// State: a node's lease = waiting -> renewing (up to five tries back to back, each with a deadline
//        within which answers 429 are repeated every second) -> waiting
//        | reading the lease with a doubling backoff until it answers -> renewing -> waiting.
// Source: component-helpers apimachinery/lease/controller.go, client-go rest/with_retry.go: no
// limiter; 429 costs ten calls a try, an immediate error five calls a cycle, a time-out one in 10
// s. Limits: a node status is written every `node_status_period` and after the node was given up.
#pragma once
#include "models/cluster/context.h"

namespace stampede::cluster {

class NodeLeases final : public Component, public ApiCaller {
 public:
  NodeLeases(const Context& context, ApiServerPort& api);
  void start();
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 calls = 0, failures = 0;

 private:
  struct Lease {
    bool reading = false, second_round = false;
    i32 tries = 0;
    u32 reads = 0, rounds = 0;
    Instant try_ends{};
    bool status_busy = false;
  };
  void renew(NodeId node);
  void send(NodeId node);
  void try_failed(NodeId node);
  void wait(NodeId node);
  void write_status(NodeId node);

  Context context_;
  ApiServerPort& api_;
  ComponentId component_;
  StreamKey phase_, jitter_;
  std::vector<Lease> leases_;  // [node]
};

}  // namespace stampede::cluster
