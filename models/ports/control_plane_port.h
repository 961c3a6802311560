// The boundary between one region's API server with its etcd and whoever repairs it, disturbs its
// disks or asks whether it still answers.
#pragma once
#include "models/ports/alarm.h"
#include "sim/time.h"

namespace stampede {

struct ControlPlanePort {
  virtual ~ControlPlanePort() = default;
  // Compaction, defragmentation of each member in turn, disarming, in this order and taking their
  // time. A second request while one runs is ignored.
  virtual void repair(IncidentId cause) = 0;
  virtual bool repairing() const = 0;

  // Faults of disks; members count from the leader (0).
  virtual i32 members() const = 0;
  virtual void set_fsync_delay(i32 member, Duration delay, IncidentId cause) = 0;  // 0 ends it
  virtual void stall(i32 member, Duration length, IncidentId cause) = 0;

  // Readiness changes, but no change of endpoints is committed.
  virtual Alarm frozen() const = 0;
  // Watchers cannot rely on being told: writes wait, or it is frozen.
  virtual Alarm stalled() const = 0;
};

}  // namespace stampede
