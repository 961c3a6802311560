// The boundary between whoever changes what a region's routers export (an operator, the timeline)
// and the network.
#pragma once
#include "models/ports/alarm.h"
#include "models/ports/request.h"
#include "sim/params.h"

namespace stampede {

// What the routers of a region let out.
enum class ExportChoice : u8 {
  kAll,
  kNone,    // a policy that matches nothing
  kMissing  // a policy that does not parse and is not there: RFC 8212 exports nothing
};

struct ExportPolicy {
  ExportChoice export_ = ExportChoice::kNone;
  Share prefixes{1.0};  // of the region's prefixes it applies to; the others go out as before
  bool rfc8212 = true;  // routers export nothing without a policy; else everything
  static void describe(Schema<ExportPolicy>& s);
};

struct RoutingControlPort {
  virtual ~RoutingControlPort() = default;
  // Pushes a policy to a region's routers, because of `cause`. Returns the incident policy_pushed;
  // a safeguard may block it (incident policy_blocked) or roll it back (policy_rolled_back).
  virtual IncidentId push_policy(RegionId region, const ExportPolicy& policy, IncidentId cause) = 0;
  // Puts the good policy back, because of `cause`; returns the incident policy_restored, or none if
  // no other was in force.
  virtual IncidentId restore_policy(RegionId region, IncidentId cause) = 0;
  // Takes back one push, if it has not been restored: what was pushed before it goes out again, or
  // the good policy; nothing if a later push is in force.
  virtual void take_back(RegionId region, IncidentId pushed, IncidentId cause) = 0;
  // Somewhere a pushed policy has not been taken back.
  virtual Alarm prefix_withdrawn() const = 0;
  // Was any policy ever pushed to this region?
  virtual bool was_pushed(RegionId region) const = 0;
};

}  // namespace stampede
