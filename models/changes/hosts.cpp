// Harm to the hosts of the clusters, and how they are closed and emptied by hand.

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

Heal fail(const Act& act, const NodeTarget& target, bool cold) {
  const std::vector<Struck> struck = struck_by(act.scene, target);
  if (struck.empty()) return {};
  for (const Struck& s : struck) s.cluster->fail(s.nodes, act.root);
  return [struck, cold](IncidentId healed) {
    for (const Struck& s : struck) s.cluster->repair(s.nodes, cold, healed);
  };
}

struct FailNodesParams {
  NodeTarget target;
  bool cold = false;
  static void describe(Schema<FailNodesParams>& s) {
    s.field("target", &FailNodesParams::target).help("which nodes; left out: all");
    s.field("cold", &FailNodesParams::cold)
        .help("they come back with empty disks: image and weights are fetched again");
  }
};

const RegisterFault<FailNodesParams> fail_nodes{
    "fail_nodes",
    "hosts die with all that runs there; nobody is told, connections hang, the node controller "
    "gives them up after its grace; once they are repaired their pods start from the beginning",
    "Kubernetes: node lifecycle controller",
    [](const FailNodesParams& p, const Act& act) -> Heal { return fail(act, p.target, p.cold); }};

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

struct FailZoneParams {
  ZoneTarget target;
  bool cold = false;
  static void describe(Schema<FailZoneParams>& s) {
    s.field("target", &FailZoneParams::target).required().help("which zone");
    s.field("cold", &FailZoneParams::cold)
        .help("its nodes come back with empty disks: image and weights are fetched again");
  }
};

const RegisterFault<FailZoneParams> fail_zone{"fail_zone",
                                              "all hosts of a zone die, as `fail_nodes` says", "",
                                              [](const FailZoneParams& p, const Act& act) -> Heal {
                                                NodeTarget target;
                                                target.region = p.target.region;
                                                target.zone = p.target.zone;
                                                return fail(act, target, p.cold);
                                              }};

const RegisterFault<OnNodes> detach_network{
    "detach_network",
    "hosts go on and nothing gets to them or from them: pods there hang for their clients, the "
    "node controller gives them up",
    "OpenAI 2025-06-10: GPU hosts lost their network after a change",
    [](const OnNodes& p, const Act& act) -> Heal {
      const std::vector<Struck> struck = struck_by(act.scene, p.target);
      if (struck.empty()) return {};
      for (const Struck& s : struck) s.cluster->detach(s.nodes, act.root);
      return [struck](IncidentId healed) {
        for (const Struck& s : struck) s.cluster->attach(s.nodes, healed);
      };
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
