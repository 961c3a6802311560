// What operators (and the scenario's timeline) can do to the service and what they can see of it.
// Implemented where the world is put together; nobody else reaches across all subsystems.
#pragma once
#include <functional>
#include <string>

#include "models/ports/request.h"
#include "sim/params.h"

namespace stampede {

// Asks whether an operation that takes its time is over.
using Completion = std::function<bool()>;

// What a routing change lets a region's routers export.
enum class ExportedRoutes : u8 {
  kAll,
  kNone,    // a policy that matches nothing
  kMissing  // a policy that does not parse: RFC 8212 routers export nothing without one
};
template <>
struct ChoiceNames<ExportedRoutes> {
  static constexpr const char* type = "exported_routes";
  static std::vector<std::string> names() { return {"all", "none", "missing"}; }
};
struct RoutingExport {
  ExportedRoutes exported = ExportedRoutes::kNone;
  Share prefixes{1};  // of the region's prefixes that it applies to
  static void describe(Schema<RoutingExport>& s) {
    s.field("export", &RoutingExport::exported).help("what is announced");
    s.field("prefixes", &RoutingExport::prefixes)
        .range(0, 1)
        .help("share of the region's prefixes that the change applies to");
  }
};

struct Controls {
  virtual ~Controls() = default;
  // By name; kNoRegion when there is none.
  virtual RegionId region(const std::string& name) const = 0;
  virtual std::size_t regions() const = 0;

  virtual void push_export_policy(RegionId region, const RoutingExport& policy) = 0;
  virtual void restore_export_policy(RegionId region, IncidentId cause) = 0;
  // `pin_to_fleet`: with minReplicas and maxReplicas set to what the fleet holds.
  virtual void set_autoscaler(RegionId region, bool enabled, bool pin_to_fleet,
                              IncidentId cause) = 0;
  virtual Completion compact_defragment_disarm(RegionId region, IncidentId cause) = 0;
  virtual void set_fsync_delay(RegionId region, Duration delay) = 0;
  virtual void stall_disk(RegionId region, Duration during) = 0;
  virtual Completion flush_cache(IncidentId cause) = 0;
  virtual Completion bump_cache_epoch(IncidentId cause) = 0;
  virtual Completion start_ramp(IncidentId cause) = 0;
  virtual void open_breaker(IncidentId cause) = 0;

  // What monitoring shows.
  virtual double observed_success() const = 0;  // share, whole service
  virtual bool any_prefix_withdrawn() const = 0;
  virtual bool frozen(RegionId region) const = 0;                 // control plane
  virtual bool breaker_open() const = 0;                          // open or half-open
  virtual bool autoscaler_stopped() const = 0;                    // in any region
  virtual IncidentId latest(const std::string& topic) const = 0;  // incident shown for that alarm
};

}  // namespace stampede
