// Counts zombie pods: alive, answering their probe, wanted, and not routable for a while.
// State: pod = fine -> candidate (ready in truth, not in the routable view) -> zombie after
//        `zombie_after` -> fine as soon as the view has it, or it is no longer ready or wanted.
// Source: the four ways a ready pod stays unrouted: its status is not committed, its slice is not
// written, the view is stale, its node was given up.
#pragma once
#include "models/cluster/context.h"
#include "models/cluster/endpoint_slices.h"

namespace stampede::cluster {

class ZombieWatch final : public Component, public ZombieListener {
 public:
  ZombieWatch(const Context& context, const EndpointSlices& endpoints);
  void candidate_added() override;
  void handle(const Event& event) override;

 private:
  void check();

  Context context_;
  const EndpointSlices& endpoints_;
  ComponentId component_;
  bool scheduled_ = false, reported_ = false;
};

}  // namespace stampede::cluster
