// What operators (and the scenario's timeline) can do to the service and what they can see of it.
// Implemented where the world is put together; nobody else reaches across all subsystems.
#pragma once
#include <functional>
#include <string>

#include "models/ports/request.h"

namespace stampede {

// Asks whether an operation that takes its time is over.
using Completion = std::function<bool()>;

struct Controls {
  virtual ~Controls() = default;
  // By name; kNoRegion when there is none.
  virtual RegionId region(const std::string& name) const = 0;
  virtual std::size_t regions() const = 0;

  virtual void push_export_policy(RegionId region, bool exports_anything) = 0;
  virtual void restore_export_policy(RegionId region, IncidentId cause) = 0;
  // `limit_to_fleet`: with maxReplicas set to what the fleet holds.
  virtual void set_autoscaler(RegionId region, bool enabled, bool limit_to_fleet,
                              IncidentId cause) = 0;
  virtual Completion compact_defragment_disarm(RegionId region, IncidentId cause) = 0;
  virtual void set_fsync_delay(RegionId region, Duration delay) = 0;
  virtual void stall_disk(RegionId region, Duration during) = 0;
  virtual Completion flush_cache(IncidentId cause) = 0;
  virtual Completion bump_cache_epoch(IncidentId cause) = 0;
  virtual Completion start_ramp(IncidentId cause) = 0;
  virtual void open_breaker(IncidentId cause) = 0;

  // What monitoring shows.
  virtual double observed_success() const = 0;           // share, whole service
  virtual bool any_prefix_withdrawn() const = 0;
  virtual bool frozen(RegionId region) const = 0;        // control plane
  virtual bool breaker_open() const = 0;                 // open or half-open
  virtual bool autoscaler_stopped() const = 0;           // in any region
  virtual IncidentId latest(const std::string& topic) const = 0;  // incident shown for that alarm
};

}  // namespace stampede
