// What happens to etcd: its disks and its upkeep.
#include <algorithm>
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

const RegisterAction<OnRegions> compact_defragment_disarm{
    "compact_defragment_disarm",
    "etcd is compacted and defragmented and its quota alarm disarmed, wherever the control plane "
    "is frozen",
    "etcd: maintenance guide; etcd measured: defragment, then disarm",
    [](const OnRegions& p, const Act& act) -> Effect {
      std::vector<const ControlPlanePort*> under_repair;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        ControlPlanePort& plane = *act.scene.control_planes[r];
        if (!plane.frozen().holds) continue;
        plane.repair(act.root);
        under_repair.push_back(&plane);
      }
      return {.over = [under_repair] {
        const bool over =
            std::none_of(under_repair.begin(), under_repair.end(),
                         [](const ControlPlanePort* plane) { return plane->repairing(); });
        return Ending{over, kNoIncident};
      }};
    }};

struct SlowDiskParams {
  RegionTarget target;
  Duration by{}, delay{};
  static void describe(Schema<SlowDiskParams>& s) {
    s.field("target", &SlowDiskParams::target).help("where");
    s.field("by", &SlowDiskParams::by).at_least(0).help("added to each fsync");
    s.field("delay", &SlowDiskParams::delay)
        .at_least(0)
        .help("older name of `by`, which an operator's step has for itself");
  }
};

const RegisterFault<SlowDiskParams> slow_disk{
    "slow_disk",
    "every fsync of etcd's members takes `by` longer, beside what other faults add; 0s ends them "
    "all",
    "", [](const SlowDiskParams& p, const Act& act) -> Effect {
      const Duration longer = p.by + p.delay;
      std::vector<std::pair<ControlPlanePort*, IncidentId>> slowed;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        ControlPlanePort* plane = act.scene.control_planes[r];
        if (longer.ns == 0)
          plane->restore_disks(kNoIncident, act.root);
        else
          slowed.emplace_back(plane, plane->slow_disks(longer, act.root));
      }
      if (slowed.empty()) return {};
      return {.heal = [slowed](IncidentId healed) {
        for (const auto& [plane, fault] : slowed) plane->restore_disks(fault, healed);
      }};
    }};

struct StallDiskParams {
  RegionTarget target;
  Duration lasts{}, delay{};
  static void describe(Schema<StallDiskParams>& s) {
    s.field("target", &StallDiskParams::target).help("where");
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
      for (const RegionId r : regions_in(act.scene, p.target))
        act.scene.control_planes[r]->stall_disks(length, act.root);
      return {.ends_after = length};
    }};

}  // namespace
}  // namespace stampede
