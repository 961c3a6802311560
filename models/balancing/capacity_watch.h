// What the balancer's watch on one cluster delivers: its routable pods as capacity.
// Source: Google serviceLbPolicy: capacity is a configured maximum rate times the endpoints known.
// Limits: pods of other pools and how busy they are do not count.
#pragma once
#include "models/balancing/global_balancer.h"
#include "models/ports/pods_port.h"

namespace stampede {

class CapacityWatch final : public EndpointConsumer {
 public:
  // `per_pod` [requests/s].
  CapacityWatch(GlobalBalancer& balancer, RegionId region, double per_pod)
      : balancer_(balancer), region_(region), per_pod_(per_pod) {}

  void endpoints_changed(WorkloadId workload, const std::vector<PodId>& routable,
                         IncidentId cause) override {
    if (workload == 0)
      balancer_.capacity_changed(region_, per_pod_ * static_cast<double>(routable.size()), cause);
  }

 private:
  GlobalBalancer& balancer_;
  RegionId region_;
  double per_pod_;
};

}  // namespace stampede
