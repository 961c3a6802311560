// What happens to etcd: its disks and its upkeep.
#include <algorithm>
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"
#include "models/ports/control_plane_port.h"

namespace stampede {
namespace {

// Of regions' control planes that may be upkept or disturbed member by member.
struct MembersOf {
  RegionTarget target;
  EtcdMembers members = EtcdMembers::kAll;
  static void describe(Schema<MembersOf>& s) {
    s.field("target", &MembersOf::target).help("where");
    s.field("members", &MembersOf::members).help("of etcd; the leader is that of this moment");
  }
};

// Over when none of them is at it any more.
Effect upkeep(std::vector<const ControlPlanePort*> planes) {
  const bool nothing = planes.empty();
  return {.over =
              [planes = std::move(planes)] {
                const bool over =
                    std::none_of(planes.begin(), planes.end(),
                                 [](const ControlPlanePort* plane) { return plane->repairing(); });
                return Ending{over, kNoIncident};
              },
          .nothing = nothing};
}

template <class Do>
Effect each_plane(const RegionTarget& target, const Act& act, Do begin) {
  std::vector<const ControlPlanePort*> planes;
  for (const RegionId r : regions_in(act.scene, target)) {
    begin(*act.scene.control_planes[r]);
    planes.push_back(act.scene.control_planes[r]);
  }
  return upkeep(std::move(planes));
}

struct RepairParams {
  RegionTarget target;
  bool only_frozen = false;
  static void describe(Schema<RepairParams>& s) {
    s.field("target", &RepairParams::target).help("where");
    s.field("only_frozen", &RepairParams::only_frozen)
        .help("leave control planes alone that are not frozen");
  }
};

constexpr const char* kUpkeepSource = "etcd: maintenance guide";

const RegisterAction<RepairParams> compact_defragment_disarm{
    "compact_defragment_disarm",
    "etcd is compacted, its members are defragmented one after another, the leader last, and its "
    "quota alarm is disarmed",
    "etcd: maintenance guide; etcd measured: defragment, then disarm",
    [](const RepairParams& p, const Act& act) -> Effect {
      std::vector<const ControlPlanePort*> planes;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        ControlPlanePort& plane = *act.scene.control_planes[r];
        if (p.only_frozen && !plane.frozen().holds) continue;
        plane.repair(act.root);
        planes.push_back(&plane);
      }
      return upkeep(std::move(planes));
    }};

const RegisterAction<OnRegions> compact_etcd{
    "compact_etcd", "etcd drops superseded revisions: pages of its file become free", kUpkeepSource,
    [](const OnRegions& p, const Act& act) {
      return each_plane(p.target, act, [&](ControlPlanePort& c) { c.compact(act.root); });
    }};

const RegisterAction<MembersOf> defragment_etcd{
    "defragment_etcd",
    "members of etcd copy what is in use into a new file, one after another, the leader last: a "
    "follower answers nobody meanwhile, the leader blocks all reads and writes",
    "etcd: maintenance guide; etcd defragmentation; etcd measured",
    [](const MembersOf& p, const Act& act) {
      return each_plane(p.target, act,
                        [&](ControlPlanePort& c) { c.defragment(p.members, act.root); });
    }};

const RegisterAction<OnRegions> disarm_etcd{
    "disarm_etcd",
    "etcd's quota alarm is disarmed; while the file passes the quota the next commit raises it "
    "again",
    kUpkeepSource, [](const OnRegions& p, const Act& act) {
      return each_plane(p.target, act, [&](ControlPlanePort& c) { c.disarm(act.root); });
    }};

struct RaiseQuotaParams {
  RegionTarget target;
  double by = 2;
  static void describe(Schema<RaiseQuotaParams>& s) {
    s.field("target", &RaiseQuotaParams::target).help("where");
    s.field("by", &RaiseQuotaParams::by)
        .range(0.01, 1000)
        .help("the new quota as a multiple of the one that holds");
  }
};

const RegisterAction<RaiseQuotaParams> raise_etcd_quota{
    "raise_etcd_quota",
    "etcd's quota is larger from now on; an alarm that is up stays up until it is disarmed",
    "etcd: quota.go, maintenance guide", [](const RaiseQuotaParams& p, const Act& act) -> Effect {
      const auto regions = regions_in(act.scene, p.target);
      for (const RegionId r : regions) act.scene.control_planes[r]->raise_quota(p.by, act.root);
      return {.nothing = regions.empty()};
    }};

const RegisterAction<OnRegions> move_etcd_leader{
    "move_etcd_leader",
    "etcd's leader hands over to a follower that is not busy, as before its own defragmentation; "
    "nothing is lost",
    "etcd: maintenance guide; etcd defragmentation",
    [](const OnRegions& p, const Act& act) -> Effect {
      bool moved = false;
      for (const RegionId r : regions_in(act.scene, p.target))
        moved = act.scene.control_planes[r]->move_leader(act.root) || moved;
      return {.nothing = !moved};
    }};

struct RestartEtcdParams {
  RegionTarget target;
  EtcdMembers members = EtcdMembers::kAll;
  Duration down = 10_s;
  bool graceful = true;
  static void describe(Schema<RestartEtcdParams>& s) {
    s.field("target", &RestartEtcdParams::target).help("where");
    s.field("members", &RestartEtcdParams::members)
        .help("of etcd; the leader is that of this moment");
    s.field("down", &RestartEtcdParams::down)
        .range(0.1, 86400)
        .help("how long each of them is away");
    s.field("graceful", &RestartEtcdParams::graceful)
        .help(
            "one after another, the leader last and after it has handed over; else all at once and "
            "without a word, as when they are killed");
  }
};

const RegisterAction<RestartEtcdParams> restart_etcd{
    "restart_etcd",
    "members of etcd end and are started again; clients of theirs go to others; without a majority "
    "nothing is written",
    "etcd: raft.go, server.go; etcd measured", [](const RestartEtcdParams& p, const Act& act) {
      return each_plane(p.target, act, [&](ControlPlanePort& c) {
        c.restart_members(p.members, p.down, p.graceful, act.root);
      });
    }};

struct SlowDiskParams {
  RegionTarget target;
  EtcdMembers members = EtcdMembers::kAll;
  Duration by{}, delay{};
  static void describe(Schema<SlowDiskParams>& s) {
    s.field("target", &SlowDiskParams::target).help("where");
    s.field("members", &SlowDiskParams::members)
        .help("whose disks; the leader is that of this moment");
    s.field("by", &SlowDiskParams::by).at_least(0).help("added to each fsync");
    s.field("delay", &SlowDiskParams::delay)
        .at_least(0)
        .help("older name of `by`, which an operator's step has for itself");
  }
};

const RegisterFault<SlowDiskParams> slow_disk{
    "slow_disk",
    "every fsync of etcd's `members` takes `by` longer, beside what other faults add; 0s ends them "
    "all",
    "", [](const SlowDiskParams& p, const Act& act) -> Effect {
      const Duration longer = p.by + p.delay;
      std::vector<std::pair<ControlPlanePort*, IncidentId>> slowed;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        ControlPlanePort* plane = act.scene.control_planes[r];
        if (longer.ns == 0)
          plane->restore_disks(kNoIncident, act.root);
        else
          slowed.emplace_back(plane, plane->slow_disks(longer, p.members, act.root));
      }
      if (slowed.empty()) return {};
      return {.heal = [slowed](IncidentId healed) {
        for (const auto& [plane, fault] : slowed) plane->restore_disks(fault, healed);
      }};
    }};

struct StallDiskParams {
  RegionTarget target;
  EtcdMembers members = EtcdMembers::kAll;
  Duration lasts{}, delay{};
  static void describe(Schema<StallDiskParams>& s) {
    s.field("target", &StallDiskParams::target).help("where");
    s.field("members", &StallDiskParams::members)
        .help("whose disks; the leader is that of this moment");
    s.field("for", &StallDiskParams::lasts).at_least(0).help("how long the disks stand still");
    s.field("delay", &StallDiskParams::delay)
        .at_least(0)
        .help("older name of `for`, which an operator's step has for itself");
  }
};

const RegisterAction<StallDiskParams> stall_disk{
    "stall_disk", "etcd's disks stop: no fsync ends before that is over", "",
    [](const StallDiskParams& p, const Act& act) -> Effect {
      const Duration length = p.lasts + p.delay;
      if (length.ns == 0) return {.nothing = true};
      for (const RegionId r : regions_in(act.scene, p.target))
        act.scene.control_planes[r]->stall_disks(length, p.members, act.root);
      return {.ends_after = length};
    }};

}  // namespace
}  // namespace stampede
