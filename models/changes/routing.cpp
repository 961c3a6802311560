// What regions' routers export.
#include <optional>
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

enum class LeakBy : u8 { kOwn, kCustomer };

struct LeakRoutesParams {
  RegionTarget target;
  LeakBy by = LeakBy::kOwn;
  std::optional<Bandwidth> bandwidth;
  static void describe(Schema<LeakRoutesParams>& s) {
    s.field("target", &LeakRoutesParams::target).help("where the network is that leaks");
    s.field("by", &LeakRoutesParams::by)
        .help(
            "the region's own network, or an access network of the region that is drawn from those "
            "with two providers or more");
    s.field("bandwidth", &LeakRoutesParams::bandwidth)
        .at_least(1)
        .scales()
        .help("what that network carries; what it draws beyond is lost");
  }
};

const RegisterFault<LeakRoutesParams> leak_routes{
    "leak_routes",
    "a network passes every route that it hears on to every neighbour: its providers prefer it, as "
    "a customer's, and send it their traffic",
    "RFC 7908: route leaks", [](const LeakRoutesParams& p, const Act& act) -> Heal {
      LinkControlPort* network = act.scene.links;
      std::vector<u32> leaks;
      for (const RegionId r : regions_in(act.scene, p.target))
        if (const u32 leak =
                network->leak_routes({r, p.by == LeakBy::kCustomer, p.bandwidth}, act.root))
          leaks.push_back(leak);
      if (leaks.empty()) return {};
      return [network, leaks](IncidentId healed) {
        for (const u32 leak : leaks) network->stop_leak(leak, healed);
      };
    }};

struct HijackPrefixParams {
  RegionTarget target;
  Share prefixes{1};
  std::string by;
  static void describe(Schema<HijackPrefixParams>& s) {
    s.field("target", &HijackPrefixParams::target).help("whose prefixes");
    s.field("prefixes", &HijackPrefixParams::prefixes)
        .range(0, 1)
        .help("share of the region's prefixes, rounded up");
    s.field("by", &HijackPrefixParams::by)
        .help("region in which the network is that announces them; left out: that of the prefixes");
  }
};

const RegisterFault<HijackPrefixParams> hijack_prefix{
    "hijack_prefix",
    "another network announces a region's prefixes: who is nearer to it sends its traffic there, "
    "where it is dropped",
    "RFC 7454: prefix hijacks", [](const HijackPrefixParams& p, const Act& act) -> Heal {
      LinkControlPort* network = act.scene.links;
      RegionId by = kNoRegion;  // that of the prefixes
      for (RegionId r = 0; r < act.scene.regions.size(); ++r)
        if (act.scene.regions[r] == p.by) by = r;
      std::vector<u32> hijacks;
      for (const RegionId r : regions_in(act.scene, p.target))
        if (const u32 hijack =
                network->hijack_prefixes({r, p.prefixes, by == kNoRegion ? r : by}, act.root))
          hijacks.push_back(hijack);
      if (hijacks.empty()) return {};
      return [network, hijacks](IncidentId healed) {
        for (const u32 hijack : hijacks) network->end_hijack(hijack, healed);
      };
    }};

struct PreferRoutesParams {
  RegionTarget target;
  i32 preference = 200;
  static void describe(Schema<PreferRoutesParams>& s) {
    s.field("target", &PreferRoutesParams::target)
        .required()
        .help("whose routers tell the backbone's other members so");
    s.field("preference", &PreferRoutesParams::preference)
        .range(0, 1e6)
        .help(
            "local preference of its routes; without effect where it is not above "
            "network.ibgp.server_preference")
        .source("Cloudflare 2020: 200");
  }
};

const RegisterFault<PreferRoutesParams> prefer_routes{
    "prefer_routes",
    "a region's routers tell the others of its backbone that their routes are to be preferred: "
    "what clients bring to a member goes there instead of to its own servers",
    "Cloudflare 2020: routes went to the backbone with a local preference of 200; RFC 4271 s9.1",
    [](const PreferRoutesParams& p, const Act& act) -> Heal {
      PathControlPort* paths = act.scene.paths;
      std::vector<u32> faults;
      for (const RegionId r : regions_in(act.scene, p.target))
        if (const u32 fault = paths->prefer_routes(r, p.preference, act.root))
          faults.push_back(fault);
      if (faults.empty()) return {};
      return [paths, faults](IncidentId healed) {
        for (const u32 fault : faults) paths->restore_paths(fault, healed);
      };
    }};

const RegisterAction<OnRegions> restore_routing_policy{
    "restore_routing_policy", "the previous routing policy is restored, and with it the prefixes",
    "", [](const OnRegions& p, const Act& act) -> Effect {
      bool any = false;
      for (const RegionId r : regions_in(act.scene, p.target))
        any |= act.scene.routing->restore_policy(r, act.root) != kNoIncident;
      return {.nothing = !any};
    }};

}  // namespace
}  // namespace stampede
