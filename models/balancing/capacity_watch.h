// What the balancer's watch on one cluster delivers: its routable pods as capacity.
// Source: Google serviceLbPolicy: capacity is a configured maximum rate times the endpoints known.
// Limits: how busy pods are does not count, nor for which model or class of clients they are.
#pragma once
#include <utility>
#include <vector>

#include "models/balancing/global_balancer.h"
#include "models/ports/pods_port.h"

namespace stampede {

class CapacityWatch final : public EndpointConsumer {
 public:
  // `per_pod` [workload] requests/s; 0: it takes none from clients.
  CapacityWatch(GlobalBalancer& balancer, RegionId region, std::vector<double> per_pod)
      : balancer_(balancer),
        region_(region),
        per_pod_(std::move(per_pod)),
        known_(per_pod_.size()) {}

  void endpoints_changed(WorkloadId workload, const std::vector<PodId>& routable,
                         IncidentId cause) override {
    if (per_pod_[workload] <= 0) return;
    known_[workload] = routable.size();
    double capacity = 0;
    for (std::size_t w = 0; w < known_.size(); ++w)
      capacity += per_pod_[w] * static_cast<double>(known_[w]);
    balancer_.capacity_changed(region_, capacity, cause);
  }

 private:
  GlobalBalancer& balancer_;
  RegionId region_;
  std::vector<double> per_pod_;     // [workload]
  std::vector<std::size_t> known_;  // [workload] endpoints
};

}  // namespace stampede
