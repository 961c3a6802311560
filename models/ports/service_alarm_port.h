// What the monitoring of users' requests tells operators.
#pragma once
#include "models/ports/alarm.h"

namespace stampede {

struct ServiceAlarmPort {
  virtual ~ServiceAlarmPort() = default;
  // Fewer than this share of the service's requests ended well in the last observation window.
  // Shown by what most of those that failed were told, or carried, as the reason.
  virtual Alarm success_below(double share) const = 0;
};

}  // namespace stampede
