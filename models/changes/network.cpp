// Ways between clients and regions, and between regions, that are cut or lose packets; links of
// regions' networks that fail.
#include <algorithm>
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct WayTarget {
  std::string region, site, from, home;
  std::optional<Share> share;
  static void describe(Schema<WayTarget>& s) {
    s.field("region", &WayTarget::region)
        .help("the region at one end of the ways; left out: each of them");
    s.field("site", &WayTarget::site).help("only regions of this site");
    s.field("from", &WayTarget::from)
        .help("who is at the other end: clients, regions, or the name of a region; left out: all");
    s.field("home", &WayTarget::home).help("of the clients, only those at home in this region");
    s.field("share", &WayTarget::share)
        .range(0, 1)
        .help(
            "of the client networks of each home; what a smaller share meets a larger one meets "
            "too");
    for (const char* key : {"zone", "pool", "node", "pod", "count"})
      s.refuse(key, "this acts on ways to regions");
  }
};

RegionId region_called(const Scene& scene, const std::string& name) {
  const auto it = std::find(scene.regions.begin(), scene.regions.end(), name);
  return it == scene.regions.end() ? kNoRegion : static_cast<RegionId>(it - scene.regions.begin());
}

// One for each region that is meant; one for all of them together if all are.
std::vector<Ways> ways_to(const Scene& scene, const WayTarget& target) {
  Ways ways;
  if (target.from == "clients")
    ways.from = WayFrom::kClients;
  else if (target.from == "regions")
    ways.from = WayFrom::kRegions;
  else if (!target.from.empty())
    ways.from = WayFrom::kOneRegion, ways.other = region_called(scene, target.from);
  else if (!target.home.empty() || target.share)
    ways.from = WayFrom::kClients;
  if (!target.home.empty()) ways.home = region_called(scene, target.home);
  ways.share = target.share;
  if (target.region.empty() && target.site.empty()) return {ways};
  std::vector<Ways> all;
  for (const RegionId r : regions_in(scene, {target.region, target.site})) {
    ways.region = r;
    all.push_back(ways);
  }
  return all;
}

Heal restore(PathControlPort* paths, std::vector<u32> faults) {
  if (faults.empty()) return {};
  return [paths, faults = std::move(faults)](IncidentId healed) {
    for (const u32 fault : faults) paths->restore_paths(fault, healed);
  };
}

struct PartitionParams {
  WayTarget target;
  static void describe(Schema<PartitionParams>& s) {
    s.field("target", &PartitionParams::target).help("which ways, in both directions");
  }
};

const RegisterFault<PartitionParams> partition{
    "partition",
    "nothing gets through between clients and regions, or between regions, and nobody is told: who "
    "sends hears nothing, whatever routing says",
    "", [](const PartitionParams& p, const Act& act) -> Heal {
      std::vector<u32> faults;
      for (const Ways& ways : ways_to(act.scene, p.target))
        if (const u32 fault = act.scene.paths->cut_paths(ways, act.root)) faults.push_back(fault);
      return restore(act.scene.paths, std::move(faults));
    }};

struct DegradeLinkParams {
  WayTarget target;
  Duration latency{};
  Share loss{0};
  std::optional<Bandwidth> bandwidth;
  static void describe(Schema<DegradeLinkParams>& s) {
    s.field("target", &DegradeLinkParams::target).help("which ways, in both directions");
    s.field("latency", &DegradeLinkParams::latency).range(0, 60).help("added in each direction");
    s.field("loss", &DegradeLinkParams::loss)
        .range(0, 0.9)
        .help("share of the segments that are lost, each by itself; TCP repeats them");
    s.field("bandwidth", &DegradeLinkParams::bandwidth)
        .at_least(1)
        .scales()
        .help("what gets through on the ways of a region together; what is offered beyond is lost");
  }
};

const RegisterFault<DegradeLinkParams> degrade_link{
    "degrade_link",
    "ways are slower, lose segments or carry less; what is lost is late: by time-outs of TCP, and "
    "streams by its throughput",
    "RFC 6298; PFTK: throughput under loss",
    [](const DegradeLinkParams& p, const Act& act) -> Heal {
      if (p.latency.ns == 0 && p.loss.value == 0 && !p.bandwidth) return {};
      std::vector<u32> faults;
      for (const Ways& ways : ways_to(act.scene, p.target))
        if (const u32 fault =
                act.scene.paths->degrade_paths(ways, {p.latency, p.loss, p.bandwidth}, act.root))
          faults.push_back(fault);
      return restore(act.scene.paths, std::move(faults));
    }};

struct LinkTarget {
  std::string region, site;
  std::optional<u32> link;
  static void describe(Schema<LinkTarget>& s) {
    s.field("region", &LinkTarget::region).help("name of the region; left out: all of them");
    s.field("site", &LinkTarget::site).help("only regions of this site");
    s.field("link", &LinkTarget::link)
        .help("number of the link to a provider, from 0, by AS number; left out: all of them");
    for (const char* key : {"zone", "pool", "node", "pod", "share", "count"})
      s.refuse(key, "this acts on links of regions' networks");
  }
};

struct OnLinks {
  LinkTarget target;
  static void describe(Schema<OnLinks>& s) {
    s.field("target", &OnLinks::target).help("which links of the regions' networks to providers");
  }
};

std::vector<std::pair<RegionId, std::vector<u32>>> links_in(const Scene& scene,
                                                            const LinkTarget& target) {
  std::vector<std::pair<RegionId, std::vector<u32>>> found;
  for (const RegionId r : regions_in(scene, {target.region, target.site})) {
    std::vector<u32> links;
    for (u32 k = 0; k < scene.links->links(r); ++k)
      if (target.link.value_or(k) == k) links.push_back(k);
    if (!links.empty()) found.emplace_back(r, std::move(links));
  }
  return found;
}

const RegisterFault<OnLinks> fail_link{
    "fail_link",
    "links of regions' networks to providers carry nothing; routers notice when the hold time is "
    "over, and until then send traffic into the dark",
    "RFC 4271: hold timer", [](const OnLinks& p, const Act& act) -> Heal {
      const auto failed = links_in(act.scene, p.target);
      if (failed.empty()) return {};
      LinkControlPort* network = act.scene.links;
      std::vector<IncidentId> faults;
      for (const auto& [region, links] : failed)
        faults.push_back(network->fail_links(region, links, act.root));
      return [network, faults](IncidentId healed) {
        for (const IncidentId fault : faults) network->repair_links(fault, healed);
      };
    }};

const RegisterAction<OnLinks> reset_session{
    "reset_session",
    "BGP sessions of regions' networks with providers end at once on both sides; they come back "
    "with the next attempt to connect",
    "RFC 4271: ConnectRetryTimer", [](const OnLinks& p, const Act& act) -> Effect {
      const auto reset = links_in(act.scene, p.target);
      for (const auto& [region, links] : reset)
        act.scene.links->reset_sessions(region, links, act.root);
      return {.nothing = reset.empty()};
    }};

}  // namespace
}  // namespace stampede
