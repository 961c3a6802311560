// Letting users' traffic in or not: the safety layer's breakers by hand, regions that are drained,
// classes that are turned away.
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

const RegisterAction<NoParams> open_breaker{"open_breaker", "the breaker is opened by hand", "",
                                            [](const NoParams&, const Act& act) -> Effect {
                                              act.scene.breakers->open_by_hand(act.root);
                                              return {};
                                            }};

const RegisterAction<NoParams> start_ramp{
    "start_ramp", "the breaker becomes half open and lets traffic back in steps", "",
    [](const NoParams&, const Act& act) -> Effect {
      if (act.scene.breakers->start_ramp(act.root) == kNoIncident) return {.nothing = true};
      return {.over = [breakers = act.scene.breakers] {
        return breakers->breaker_open().holds ? Ending{false, kNoIncident}
                                              : Ending{true, breakers->closed()};
      }};
    }};

const RegisterFault<OnRegions> drain_region{
    "drain_region",
    "the global balancer sends no new clients to the region; answers given before live out their "
    "time",
    "", [](const OnRegions& p, const Act& act) -> Heal {
      TrafficControlPort* balancer = act.scene.traffic;
      std::vector<std::pair<RegionId, IncidentId>> drains;
      for (const RegionId r : regions_in(act.scene, p.target))
        drains.emplace_back(r, balancer->drain(r, act.root));
      return [balancer, drains](IncidentId healed) {
        for (const auto& [region, drained] : drains) balancer->undrain(region, drained, healed);
      };
    }};

const RegisterAction<OnRegions> undrain_region{
    "undrain_region", "all drains of the region end: clients may be sent there again", "",
    [](const OnRegions& p, const Act& act) -> Effect {
      TrafficControlPort* balancer = act.scene.traffic;
      bool met_nobody = true;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        met_nobody = met_nobody && balancer->drains(r) == 0;
        balancer->undrain(r, kNoIncident, act.root);
      }
      return {.nothing = met_nobody};
    }};

Heal turn_away(const Act& act, const RegionTarget& target, const std::string& client_class,
               double share, Outcome code) {
  TurnAway whom;
  whom.share = share;
  whom.code = code;
  for (std::size_t k = 0; k < act.scene.all_classes.size(); ++k)
    if (act.scene.all_classes[k] == client_class) whom.class_id = static_cast<u16>(k);
  std::vector<std::pair<GateControlPort*, u32>> rules;
  for (const RegionId r : regions_in(act.scene, target))
    rules.emplace_back(act.scene.gates[r], act.scene.gates[r]->turn_away(whom, act.root));
  return [rules](IncidentId healed) {
    for (const auto& [gate, rule] : rules) gate->let_in(rule, healed);
  };
}

struct ShedParams {
  RegionTarget target;
  std::string client_class;
  Share share{0.5};
  static void describe(Schema<ShedParams>& s) {
    s.field("target", &ShedParams::target).help("at which regions' gateways");
    s.field("class", &ShedParams::client_class).help("name of the class of clients; left out: all");
    s.field("share", &ShedParams::share)
        .range(0, 1)
        .help("of the attempts; what a smaller share meets a larger one meets too");
  }
};

const RegisterFault<ShedParams> shed{
    "shed", "gateways answer a share of the attempts with 503 and `gateway.retry_after`, unread",
    "", [](const ShedParams& p, const Act& act) {
      return turn_away(act, p.target, p.client_class, p.share.value, Outcome::kRejected503);
    }};

struct BlockParams {
  RegionTarget target;
  std::string client_class;
  static void describe(Schema<BlockParams>& s) {
    s.field("target", &BlockParams::target).help("at which regions' gateways");
    s.field("class", &BlockParams::client_class)
        .help("name of the class of clients; left out: all");
  }
};

const RegisterFault<BlockParams> block{"block", "gateways answer every request of a class with 429",
                                       "", [](const BlockParams& p, const Act& act) {
                                         return turn_away(act, p.target, p.client_class, 1,
                                                          Outcome::kRejected429);
                                       }};

}  // namespace
}  // namespace stampede
