// The boundary between operators and the autoscalers of one region's cluster, and the scale of its
// pools, which operators set by hand while no autoscaler does.
#pragma once
#include "models/ports/alarm.h"
#include "models/ports/pods_port.h"

namespace stampede {

struct AutoscalerControlPort {
  virtual ~AutoscalerControlPort() = default;
  virtual std::size_t workloads() const = 0;
  virtual i32 fleet(WorkloadId workload) const = 0;    // pods that the pool was sized for
  virtual i32 desired(WorkloadId workload) const = 0;  // pods that its replica set wants
  // All autoscalers of the cluster (incidents autoscaler_stopped, autoscaler_started). One that
  // starts again has forgotten its history. False: they were so already.
  virtual bool set_autoscaler_enabled(bool enabled, IncidentId cause) = 0;
  virtual void bound_autoscaler(WorkloadId workload, i32 min_replicas, i32 max_replicas) = 0;
  // kubectl scale, again and again until it is taken or the autoscaler runs again.
  virtual void scale(WorkloadId workload, i32 replicas, IncidentId cause) = 0;
  // Somebody stopped the autoscalers and nobody has started them since.
  virtual Alarm autoscaler_stopped() const = 0;
};

}  // namespace stampede
