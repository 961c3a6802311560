// The boundary between whoever moves traffic away from regions by hand and the global balancer.
#pragma once
#include "models/ports/request.h"

namespace stampede {

struct TrafficControlPort {
  virtual ~TrafficControlPort() = default;
  // New answers no longer name the region, as if it were down; those given before live out their
  // time. Returns the incident region_drained.
  virtual IncidentId drain(RegionId region, IncidentId cause) = 0;
  // Ends that drain (none: all of them); with the last one clients may be sent there again
  // (incident region_undrained).
  virtual void undrain(RegionId region, IncidentId drained, IncidentId healed) = 0;
  virtual u32 drains(RegionId region) const = 0;  // that are in force
};

}  // namespace stampede
