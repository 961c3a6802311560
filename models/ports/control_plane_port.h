// The boundary between one region's API server with its etcd and whoever repairs it, disturbs its
// disks or asks whether it still answers.
#pragma once
#include "models/ports/alarm.h"
#include "models/ports/api_server_port.h"
#include "sim/time.h"

namespace stampede {

// Which members of etcd; the leader is that at the time of the call.
enum class EtcdMembers : u8 { kAll, kLeader, kFollowers, kOneFollower };

struct ControlPlanePort {
  virtual ~ControlPlanePort() = default;
  // Compaction, defragmentation of each member in turn, disarming, in this order and taking their
  // time (incident repair_started). A second request while one runs is ignored.
  virtual void repair(IncidentId cause) = 0;
  // One of them alone, after what is under way. Members are defragmented one after another, the
  // leader last.
  virtual void compact(IncidentId cause) = 0;
  virtual void defragment(EtcdMembers which, IncidentId cause) = 0;
  virtual void disarm(IncidentId cause) = 0;
  virtual bool repairing() const = 0;
  virtual void raise_quota(double by, IncidentId cause) = 0;
  // False: there is no other member that could lead.
  virtual bool move_leader(IncidentId cause) = 0;
  // Processes of members end and are back after `down` (incident etcd_restarted): one after
  // another, the leader last and after it has handed over, or all at once and without a word.
  virtual void restart_members(EtcdMembers which, Duration down, bool graceful,
                               IncidentId cause) = 0;

  // Faults of disks. From now on every fsync of these members takes `delay` longer, beside what
  // other faults add; returns the fault, its incident disk_slowed.
  virtual IncidentId slow_disks(Duration delay, EtcdMembers which, IncidentId cause) = 0;
  // Ends that fault, or all of them for kNoIncident (incident disk_restored for each).
  virtual void restore_disks(IncidentId slowed, IncidentId cause) = 0;
  // No fsync ends before `length` is over (incident disk_stalled).
  virtual void stall_disks(Duration length, EtcdMembers which, IncidentId cause) = 0;

  // Calls of this level above the rate get 429, unread (incident api_calls_limited). Of several
  // limits each holds. Returns what lift_limit() takes.
  virtual u32 limit_calls(ApiLevel level, Rate rate, IncidentId cause) = 0;
  virtual void lift_limit(u32 limit, IncidentId healed) = 0;

  // Readiness changes, but no change of endpoints is committed.
  virtual Alarm frozen() const = 0;
  // No server answers so much as a small read, or lately none did.
  virtual Alarm unavailable() const = 0;
  // Watchers cannot rely on being told: writes wait, it is frozen, or no server answers.
  virtual Alarm stalled() const = 0;
};

}  // namespace stampede
