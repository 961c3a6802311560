// The boundary between operators and the circuit breakers of the safety layer.
#pragma once
#include "models/ports/alarm.h"

namespace stampede {

struct BreakerControlPort {
  virtual ~BreakerControlPort() = default;
  // Opens every breaker, whatever its checks say; returns breaker_opened.
  virtual IncidentId open_by_hand(IncidentId cause) = 0;
  // Begins to reopen every open breaker; returns ramp_started, or none if nothing was open.
  virtual IncidentId start_ramp(IncidentId cause) = 0;
  // A breaker of a region or of the service is open or half-open.
  virtual Alarm breaker_open() const = 0;
  virtual IncidentId closed() const = 0;  // the last breaker_closed, if any
};

}  // namespace stampede
