// `kubectl scale` by an operator who looks whether it was taken, and tries again while it was not.
// State: a workload = quiet | asked -> (refused -> pause -> asked) -> taken = quiet.
// Source: with etcd's quota alarm up every write is refused; nobody walks away from that.
// Limits: the pause is the same each time; the operator does not tire.
#pragma once
#include "models/cluster/context.h"

namespace stampede::cluster {

class ScaleCommand final : public Component, public ApiCaller {
 public:
  ScaleCommand(const Context& context, ApiServerPort& client);
  // Replaces what this workload was to be scaled to.
  void scale(WorkloadId workload, i32 replicas, IncidentId cause);
  void forget(WorkloadId workload);  // another decision has overtaken it
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;

 private:
  struct Wanted {
    i32 replicas = -1;  // -1: nothing is wanted
    u32 generation = 0;
    IncidentId cause = kNoIncident;
  };
  void ask(WorkloadId workload);

  Context context_;
  ApiServerPort& client_;
  ComponentId component_;
  std::vector<Wanted> wanted_;  // [workload]
};

}  // namespace stampede::cluster
