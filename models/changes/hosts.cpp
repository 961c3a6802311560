// Harm to the hosts of the clusters, and how they are closed and emptied by hand.
#include <memory>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct Struck {
  NodeControlPort* cluster;
  std::vector<u32> nodes;
};

std::vector<Struck> struck_by(const Scene& scene, const NodeTarget& target) {
  std::vector<Struck> struck;
  for (auto& [region, nodes] : nodes_in(scene, target))
    struck.push_back({scene.nodes[region], std::move(nodes)});
  return struck;
}

struct OnNodes {
  NodeTarget target;
  static void describe(Schema<OnNodes>& s) {
    s.field("target", &OnNodes::target).help("which nodes; left out: all");
  }
};

// How hosts are struck, and how they come back.
struct HostFaultParams {
  Duration within{};
  bool cold = false;
  std::optional<Rate> repair_rate;
  static void describe(Schema<HostFaultParams>& s) {
    s.field("within", &HostFaultParams::within)
        .at_least(0)
        .help(
            "they are struck by and by within this time, a tenth of them at a time; whom it has "
            "not "
            "reached when it ends it does not reach; 0: all at once");
    s.field("cold", &HostFaultParams::cold)
        .help("they come back with empty disks: image and weights are fetched again");
    s.field("repair_rate", &HostFaultParams::repair_rate)
        .range(1e-6, 1e6)
        .scales()
        .help(
            "once it is over, nodes of each region come back one after another at this rate; null: "
            "all at once");
  }
  NodeReturn how() const {
    NodeReturn how;
    how.cold = cold;
    if (repair_rate) how.each = from_seconds(1 / repair_rate->per_second);
    return how;
  }
};

constexpr std::size_t kParts = 10;

void add(std::vector<Struck>& all, const Struck& more) {
  for (Struck& known : all)
    if (known.cluster == more.cluster) {
      known.nodes.insert(known.nodes.end(), more.nodes.begin(), more.nodes.end());
      return;
    }
  all.push_back(more);
}

// Part k of the nodes.
std::vector<Struck> part_of(const std::vector<Struck>& all, std::size_t k) {
  std::vector<Struck> part;
  for (const Struck& s : all) {
    const auto at = [&](std::size_t n) {
      return s.nodes.begin() + static_cast<std::ptrdiff_t>(s.nodes.size() * n / kParts);
    };
    if (at(k) != at(k + 1)) part.push_back({s.cluster, {at(k), at(k + 1)}});
  }
  return part;
}

using Strike = void (*)(const Struck&, IncidentId root);
using BringBack = void (*)(const Struck&, const NodeReturn&, IncidentId healed);

// All at once or by and by; the end brings back whom it has reached.
Effect harm(const Act& act, const NodeTarget& target, Duration within, const NodeReturn& how,
            Strike strike, BringBack bring_back) {
  const std::vector<Struck> meant = struck_by(act.scene, target);
  if (meant.empty()) return {.nothing = true};
  const auto reached = std::make_shared<std::vector<Struck>>();
  const auto reach = [reached, strike, root = act.root](const std::vector<Struck>& those) {
    for (const Struck& s : those) {
      strike(s, root);
      add(*reached, s);
    }
  };
  Effect effect;
  effect.heal = [reached, how, bring_back](IncidentId healed) {
    for (const Struck& s : *reached) bring_back(s, how, healed);
  };
  if (within.ns == 0) {
    reach(meant);
    return effect;
  }
  for (std::size_t k = 0; k < kParts; ++k)
    if (const std::vector<Struck> part = part_of(meant, k); !part.empty())
      effect.later.push_back({within * static_cast<i64>(k) / static_cast<i64>(kParts),
                              [reach, part] { reach(part); }});
  return effect;
}

Effect fail(const Act& act, const NodeTarget& target, const HostFaultParams& p) {
  return harm(
      act, target, p.within, p.how(),
      [](const Struck& s, IncidentId root) { s.cluster->fail(s.nodes, root); },
      [](const Struck& s, const NodeReturn& how, IncidentId healed) {
        s.cluster->repair(s.nodes, how, healed);
      });
}

struct FailNodesParams : HostFaultParams {
  NodeTarget target;
  static void describe(Schema<FailNodesParams>& s) {
    s.field("target", &FailNodesParams::target).help("which nodes; left out: all");
    s.base<HostFaultParams>();
  }
};

const RegisterFault<FailNodesParams> fail_nodes{
    "fail_nodes",
    "hosts die with all that runs there; nobody is told, connections hang, the node controller "
    "gives them up after its grace; once they are repaired their pods start from the beginning",
    "Kubernetes: node lifecycle controller",
    [](const FailNodesParams& p, const Act& act) { return fail(act, p.target, p); }};

struct ZoneTarget {
  std::string region;
  u32 zone = 0;
  static void describe(Schema<ZoneTarget>& s) {
    s.field("region", &ZoneTarget::region).help("name of the region; left out: all of them");
    s.field("zone", &ZoneTarget::zone)
        .required()
        .help("number of the zone, from 0: of `cluster.zones`, over which nodes are spread");
    for (const char* key : {"pool", "node", "pod", "share", "count"})
      s.refuse(key, "this acts on whole zones");
  }
};

struct FailZoneParams : HostFaultParams {
  ZoneTarget target;
  static void describe(Schema<FailZoneParams>& s) {
    s.field("target", &FailZoneParams::target).required().help("which zone");
    s.base<HostFaultParams>();
  }
};

const RegisterFault<FailZoneParams> fail_zone{"fail_zone",
                                              "all hosts of a zone die, as `fail_nodes` says", "",
                                              [](const FailZoneParams& p, const Act& act) {
                                                NodeTarget target;
                                                target.region = p.target.region;
                                                target.zone = p.target.zone;
                                                return fail(act, target, p);
                                              }};

struct DetachNetworkParams : HostFaultParams {
  NodeTarget target;
  bool reimage = false;
  static void describe(Schema<DetachNetworkParams>& s) {
    s.field("target", &DetachNetworkParams::target).help("which nodes; left out: all");
    s.field("reimage", &DetachNetworkParams::reimage)
        .help("hosts are installed anew: what ran there is gone and starts from the beginning");
    s.base<HostFaultParams>();
  }
};

const RegisterFault<DetachNetworkParams> detach_network{
    "detach_network",
    "hosts go on and nothing gets to them or from them: pods there hang for their clients, the "
    "node controller gives them up",
    "OpenAI 2025-06-10: GPU hosts lost their network after a change",
    [](const DetachNetworkParams& p, const Act& act) {
      NodeReturn how = p.how();
      how.anew = p.reimage || p.cold;
      return harm(
          act, p.target, p.within, how,
          [](const Struck& s, IncidentId root) { s.cluster->detach(s.nodes, root); },
          [](const Struck& s, const NodeReturn& back, IncidentId healed) {
            s.cluster->attach(s.nodes, back, healed);
          });
    }};

struct RepairNodesParams {
  RegionTarget target;
  Rate rate;
  static void describe(Schema<RepairNodesParams>& s) {
    s.field("target", &RepairNodesParams::target).help("in which regions");
    s.field("rate", &RepairNodesParams::rate)
        .required()
        .range(1e-6, 1e6)
        .scales()
        .help("of each region");
  }
};

const RegisterAction<RepairNodesParams> repair_nodes{
    "repair_nodes",
    "nodes that come back one after another do so at another rate from now on: more hands, or a "
    "tool",
    "OpenAI 2025-06-10: hosts were installed anew by hand, later by a tool",
    [](const RepairNodesParams& p, const Act& act) -> Effect {
      bool any = false;
      for (const RegionId r : regions_in(act.scene, p.target))
        any |= act.scene.nodes[r]->pace_return(from_seconds(1 / p.rate.per_second), act.root);
      return {.nothing = !any};
    }};

Heal uncordon(std::vector<Struck> struck) {
  if (struck.empty()) return {};
  return [struck = std::move(struck)](IncidentId healed) {
    for (const Struck& s : struck) s.cluster->uncordon(s.nodes, healed);
  };
}

const RegisterFault<OnNodes> cordon_nodes{
    "cordon_nodes", "nodes take no new pods; what runs there stays", "Kubernetes: kubectl cordon",
    [](const OnNodes& p, const Act& act) -> Heal {
      std::vector<Struck> struck = struck_by(act.scene, p.target);
      for (const Struck& s : struck) s.cluster->cordon(s.nodes, act.root);
      return uncordon(std::move(struck));
    }};

struct DrainNodesParams {
  NodeTarget target;
  i32 max_unavailable = 0;
  static void describe(Schema<DrainNodesParams>& s) {
    s.field("target", &DrainNodesParams::target).help("which nodes; left out: all");
    s.field("max_unavailable", &DrainNodesParams::max_unavailable)
        .at_least(0)
        .scales()
        .help("disruption budget: no pod is evicted while its pool lacks so many; 0: none");
  }
};

const RegisterFault<DrainNodesParams> drain_nodes{
    "drain_nodes",
    "nodes take no new pods and those there are evicted, as the budget allows; the end opens them "
    "again",
    "Kubernetes: kubectl drain", [](const DrainNodesParams& p, const Act& act) -> Heal {
      std::vector<Struck> struck = struck_by(act.scene, p.target);
      for (const Struck& s : struck) s.cluster->drain(s.nodes, p.max_unavailable, act.root);
      return uncordon(std::move(struck));
    }};

}  // namespace
}  // namespace stampede
