// The boundary between whoever moves traffic away from regions by hand and the global balancer.
#pragma once
#include "models/ports/request.h"

namespace stampede {

struct TrafficControlPort {
  virtual ~TrafficControlPort() = default;
  // New answers no longer name the region, as if it were down; those given before live out their
  // time (incidents region_drained, region_undrained). Each drain is ended by an undrain.
  virtual void drain(RegionId region, IncidentId cause) = 0;
  virtual void undrain(RegionId region, IncidentId healed) = 0;
  virtual u32 drains(RegionId region) const = 0;  // that are in force
};

}  // namespace stampede
