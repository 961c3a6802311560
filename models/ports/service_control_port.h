// The boundary between whoever harms a named service and the service.
#pragma once
#include <string>

#include "models/ports/alarm.h"
#include "models/ports/request.h"
#include "sim/journal.h"

namespace stampede {

struct ServiceControlPort {
  static constexpr u32 kNoFault = 0;
  virtual ~ServiceControlPort() = default;
  // A share of its servers is gone, and what they work on breaks off (incident service_failed). Of
  // the whole: nothing is taken on, or, if it hangs, everything and nothing is answered. Each
  // returns what heal() takes. kNoFault: the share is not one server.
  virtual u32 fail(double share, bool hangs, IncidentId cause) = 0;
  // Everything takes `factor` (>= 1) times as long (incident service_slowed).
  virtual u32 slow(double factor, IncidentId cause) = 0;
  // Calls above this rate [1/s] are refused unread (incident service_limited).
  virtual u32 limit(double rate, IncidentId cause) = 0;
  virtual void heal(u32 fault, IncidentId healed) = 0;  // incident service_restored
  // A share of its instances ends and starts again (incident instances_restarted), so many at a
  // time at most; 0: all together. Returns what restarting() takes; kNoFault: the share is not one.
  virtual u32 restart(double share, u32 max_unavailable, IncidentId cause) = 0;
  virtual bool restarting(u32 round) const = 0;
  // It answers nobody: it is down, hangs, or has withdrawn itself; or fewer than half, saturated.
  virtual Alarm unavailable() const = 0;
};

struct NamedService {
  std::string name;
  RegionId region = kNoRegion;  // where one of each region stands; none: there is one for all
  ServiceControlPort* control = nullptr;
  RegionId place = kNoRegion;  // where it stands; none: outside of all regions
};

}  // namespace stampede
