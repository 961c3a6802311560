// The boundary between one region's API server with its etcd and whoever repairs it, disturbs its
// disks or asks whether it still answers.
#pragma once
#include "models/ports/alarm.h"
#include "sim/time.h"

namespace stampede {

struct ControlPlanePort {
  virtual ~ControlPlanePort() = default;
  // Compaction, defragmentation of each member in turn, disarming, in this order and taking their
  // time (incident repair_started). A second request while one runs is ignored.
  virtual void repair(IncidentId cause) = 0;
  virtual bool repairing() const = 0;

  // Faults of the disks of all members. From now on every fsync takes `delay` longer, beside what
  // other faults add; returns the fault, its incident disk_slowed.
  virtual IncidentId slow_disks(Duration delay, IncidentId cause) = 0;
  // Ends that fault, or all of them for kNoIncident (incident disk_restored for each).
  virtual void restore_disks(IncidentId slowed, IncidentId cause) = 0;
  // No fsync ends before `length` is over (incident disk_stalled).
  virtual void stall_disks(Duration length, IncidentId cause) = 0;

  // Readiness changes, but no change of endpoints is committed.
  virtual Alarm frozen() const = 0;
  // Watchers cannot rely on being told: writes wait, or it is frozen.
  virtual Alarm stalled() const = 0;
};

}  // namespace stampede
