// What regions' routers export.
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct PushParams {
  RegionTarget target;
  ExportPolicy policy;
  static void describe(Schema<PushParams>& s) {
    s.field("target", &PushParams::target).help("where");
    s.field("policy", &PushParams::policy).help("what the region's routers then export");
  }
};

const RegisterFault<PushParams> push_routing_policy{
    "push_routing_policy", "a new routing policy is pushed: what a region's routers export",
    "Chowdary 2026: a syntax error in the routing policy withdraws the prefixes",
    [](const PushParams& p, const Act& act) -> Heal {
      std::vector<std::pair<RegionId, IncidentId>> pushed;
      for (const RegionId r : regions_in(act.scene, p.target))
        pushed.emplace_back(r, act.scene.routing->push_policy(r, p.policy, act.root));
      return [routing = act.scene.routing, pushed](IncidentId healed) {
        for (const auto& [region, push] : pushed) routing->take_back(region, push, healed);
      };
    }};

const RegisterAction<OnRegions> restore_routing_policy{
    "restore_routing_policy", "the previous routing policy is restored, and with it the prefixes",
    "", [](const OnRegions& p, const Act& act) -> Effect {
      for (const RegionId r : regions_in(act.scene, p.target))
        act.scene.routing->restore_policy(r, act.root);
      return {};
    }};

}  // namespace
}  // namespace stampede
