// What endpoint slices tell of a region's pods besides who is ready.
// Source: Kubernetes, discovery.k8s.io/v1: endpoints[].zone, conditions.
#pragma once
#include "models/ports/pods_port.h"

namespace stampede {

struct PodListingPort {
  virtual ~PodListingPort() = default;
  virtual u32 zones() const = 0;
  // Of a pod that has been ready.
  virtual u32 zone_of(PodId pod) const = 0;
  // It exists, and nobody has asked it to end.
  virtual bool listed(PodId pod) const = 0;
};

}  // namespace stampede
