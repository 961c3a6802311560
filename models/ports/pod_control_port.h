// The boundary between whoever harms the pods of one region's cluster and the cluster.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"

namespace stampede {

struct PodPlace {
  PodId pod = 0;
  WorkloadId workload = 0;
  u32 node = 0;
};

struct PodControlPort {
  virtual ~PodControlPort() = default;
  // Those whose server runs and that nobody has asked to end, in ascending order.
  virtual std::vector<PodPlace> serving() const = 0;
  // Their processes die with all that they have, without a grace (incident pods_killed); their
  // kubelets start them again after the back-off. Pods that do not serve are left out.
  virtual void crash(const std::vector<PodId>& pods, IncidentId cause) = 0;
};

}  // namespace stampede
