// Faults of the network: those of links, sessions and routes, as BGP is made to see them, and those
// over the ways that paths take.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/network/as_graph.h"
#include "models/network/bgp.h"
#include "models/network/forwarding.h"
#include "models/network/network.h"
#include "models/network/path_faults.h"
#include "models/network/route_faults.h"

namespace stampede {
RouteFaults::RouteFaults(Network& network, StreamKey draws)
    : network_(network), draws_(draws), failed_by_(network.region_count()) {
  for (RegionId r = 0; r < failed_by_.size(); ++r) failed_by_[r].resize(network.links(r));
}

std::vector<u32> RouteFaults::fail(RegionId region, const std::vector<u32>& links,
                                   IncidentId incident) {
  std::vector<u32> down;
  for (const u32 link : links) {
    if (failed_by_[region][link].empty()) down.push_back(link);
    failed_by_[region][link].push_back(incident);
  }
  failures_.push_back({region, links, incident});
  return down;
}

std::optional<RouteFaults::Repaired> RouteFaults::repair(IncidentId incident) {
  const auto it = std::find_if(failures_.begin(), failures_.end(),
                               [&](const Failure& f) { return f.incident == incident; });
  if (it == failures_.end()) return std::nullopt;
  const Failure gone = *it;
  failures_.erase(it);
  Repaired repaired{gone.region, {}, {}, Remains::kNothing};
  for (const u32 link : gone.links) {
    const bool held = std::any_of(failures_.begin(), failures_.end(), [&](const Failure& f) {
      return f.region == gone.region &&
             std::find(f.links.begin(), f.links.end(), link) != f.links.end();
    });
    if (held) continue;
    repaired.back.push_back(link);
    for (const IncidentId by : std::exchange(failed_by_[gone.region][link], {}))
      if (std::find(repaired.brought.begin(), repaired.brought.end(), by) == repaired.brought.end())
        repaired.brought.push_back(by);
  }
  for (const Failure& f : failures_)
    if (f.region == gone.region) repaired.remains = Remains::kLess;
  if (repaired.back.empty()) repaired.remains = Remains::kAsMuch;
  return repaired;
}

bool RouteFaults::belongs_to_a_region(AsIndex as) const {
  for (RegionId r = 0; r < network_.region_count(); ++r)
    if (network_.origin(r) == as) return true;
  return false;
}

// Of those that fit the one with the lowest draw.
template <class Fits>
std::optional<AsIndex> RouteFaults::drawn(u32 number, Fits fits) const {
  std::optional<AsIndex> chosen;
  double lowest = 2;
  for (AsIndex as = 0; as < network_.graph().size(); ++as) {
    if (!fits(as)) continue;
    const double u = uniform(draw(draws_, network_.graph().asn(as), number));
    if (u >= lowest) continue;
    lowest = u;
    chosen = as;
  }
  return chosen;
}

std::optional<AsIndex> RouteFaults::leaker(const RouteLeak& leak) {
  if (!leak.customer) return network_.origin(leak.region);
  const AsGraph& graph = network_.graph();
  return drawn(last_, [&](AsIndex as) {
    return graph.region(as) == leak.region && graph.customers(as) == 0 &&
           graph.providers(as) >= 2 && !belongs_to_a_region(as);
  });
}

RouteFaults::Leak& RouteFaults::add_leak(AsIndex as, RegionId region, IncidentId incident) {
  leaks_.push_back({++last_, as, region, incident, 0});
  return leaks_.back();
}

std::optional<RouteFaults::Leak> RouteFaults::take_leak(u32 id) {
  const auto it =
      std::find_if(leaks_.begin(), leaks_.end(), [&](const Leak& l) { return l.id == id; });
  if (it == leaks_.end()) return std::nullopt;
  const Leak leak = *it;
  leaks_.erase(it);
  return leak;
}

bool RouteFaults::leaking(AsIndex as) const {
  return std::any_of(leaks_.begin(), leaks_.end(), [&](const Leak& l) { return l.as == as; });
}

std::optional<AsIndex> RouteFaults::hijacker(const PrefixHijack& hijack) {
  const AsGraph& graph = network_.graph();
  return drawn(last_, [&](AsIndex as) {
    return graph.region(as) == hijack.by && graph.customers(as) == 0 && !belongs_to_a_region(as) &&
           !hijacks(as);
  });
}

RouteFaults::Hijack& RouteFaults::add_hijack(AsIndex as, std::vector<PrefixIndex> prefixes) {
  hijacks_.push_back({++last_, as, std::move(prefixes)});
  return hijacks_.back();
}

std::optional<RouteFaults::Hijack> RouteFaults::take_hijack(u32 id) {
  const auto it =
      std::find_if(hijacks_.begin(), hijacks_.end(), [&](const Hijack& h) { return h.id == id; });
  if (it == hijacks_.end()) return std::nullopt;
  Hijack hijack = std::move(*it);
  hijacks_.erase(it);
  return hijack;
}

bool RouteFaults::hijacks(AsIndex as) const {
  return std::any_of(hijacks_.begin(), hijacks_.end(), [&](const Hijack& h) { return h.as == as; });
}

namespace {

const IncidentKind kLinksFailed{"links_failed",
                                "links of a region's network to its providers carry nothing"};
const IncidentKind kLinksRepaired{"links_repaired", "such links carry traffic again"};
const IncidentKind kSessionsReset{"sessions_reset",
                                  "BGP sessions of a region's network end at once"};
const IncidentKind kMaxPrefixExceeded{
    "max_prefix_exceeded", "a session is shut down as a customer announces too many prefixes"};
const IncidentKind kRoutesLeaked{"routes_leaked",
                                 "a network passes every route on to every neighbour"};
const IncidentKind kLeakStopped{"leak_stopped", "a network no longer leaks routes"};
const IncidentKind kPrefixesHijacked{"prefixes_hijacked",
                                     "another network announces a region's prefixes"};
const IncidentKind kHijackEnded{"hijack_ended", "another network no longer announces them"};

}  // namespace

RouteFaults& Network::route_faults() {
  if (!route_faults_)
    route_faults_ = std::make_unique<RouteFaults>(*this, world_.stream(name_, "route_faults"));
  return *route_faults_;
}

PathFaults& Network::path_faults() {
  if (!path_faults_)
    path_faults_ = std::make_unique<PathFaults>(world_, params_, tuned_, name_,
                                                paths_.size() + between_.size());
  return *path_faults_;
}

void Network::mark_all_dirty() {
  for (RegionId r = 0; r < regions_.size(); ++r) mark_dirty(r);
}

u32 Network::links(RegionId region) const { return graph_->degree(regions_[region].origin); }

AsIndex Network::neighbour(RegionId region, u32 link) const {
  return graph_->neighbours(regions_[region].origin)[link].as;
}

IncidentId Network::fail_links(RegionId r, const std::vector<u32>& links, IncidentId cause) {
  const IncidentId id =
      world_.incident(kLinksFailed, name_, {cause},
                      fmt::format("{}: {} links to providers", regions_[r].name, links.size()));
  for (const u32 link : route_faults().fail(r, links, id))
    bgp_->link_fails(regions_[r].origin, neighbour(r, link), id);
  mark_all_dirty();
  return id;
}

// What the last of several failures gives back, all of them had taken.
void Network::repair_links(IncidentId failed, IncidentId healed) {
  const auto repaired = route_faults().repair(failed);
  if (!repaired) return;
  if (repaired->back.empty()) return world_.idle(healed);
  std::vector<IncidentId> causes = repaired->brought;
  causes.push_back(healed);
  const RegionId r = repaired->region;
  mended_ =
      world_.ease(kLinksRepaired, name_, failed, causes,
                  fmt::format("{}: {} links to providers", regions_[r].name, repaired->back.size()),
                  repaired->remains);
  for (const IncidentId by : repaired->brought) world_.close(by, mended_);
  for (const u32 link : repaired->back)
    bgp_->link_repaired(regions_[r].origin, neighbour(r, link), mended_);
  mark_all_dirty();
}

void Network::reset_sessions(RegionId r, const std::vector<u32>& links, IncidentId cause) {
  std::vector<IncidentId> causes{cause};
  for (const u32 link : links)
    causes.push_back(bgp_->held_by(regions_[r].origin, neighbour(r, link)));
  const IncidentId id =
      world_.incident(kSessionsReset, name_, causes,
                      fmt::format("{}: {} sessions", regions_[r].name, links.size()));
  for (const u32 link : links) {
    const AsIndex other = neighbour(r, link);
    if (bgp_->held(regions_[r].origin, other))
      bgp_->session_up(regions_[r].origin, other, id);  // it had ended already
    else
      bgp_->session_down(regions_[r].origin, other, id);
  }
}

IncidentId Network::over_limit(AsIndex as, AsIndex customer, IncidentId cause) {
  return world_.incident(kMaxPrefixExceeded, name_, {cause},
                         fmt::format("AS {} shuts its session with AS {} down", graph_->asn(as),
                                     graph_->asn(customer)));
}

// ---- routes ----------------------------------------------------------------------------------
u32 Network::leak_routes(const RouteLeak& leak, IncidentId cause) {
  const std::optional<AsIndex> as = route_faults().leaker(leak);
  if (!as || graph_->degree(*as) < 2) return kNoRoutes;
  const IncidentId id = world_.incident(
      kRoutesLeaked, name_, {cause},
      fmt::format("AS {} passes every route on to every neighbour", graph_->asn(*as)));
  RouteFaults::Leak& added = route_faults().add_leak(*as, leak.region, id);
  if (leak.bandwidth) {
    WayDamage damage;
    damage.bandwidth = leak.bandwidth;
    added.pipe = path_faults().degrade({}, damage, id);
    forwarding_->note_ways();
  }
  bgp_->set_leaks(*as, true, id);
  mark_all_dirty();
  return added.id;
}

void Network::stop_leak(u32 leak, IncidentId healed) {
  const auto gone = route_faults().take_leak(leak);
  if (!gone) return;
  const bool lasts = route_faults().leaking(gone->as);
  if (lasts && gone->pipe == 0) return world_.idle(healed);
  mended_ = world_.ease(kLeakStopped, name_, gone->incident, {healed},
                        fmt::format("AS {}", graph_->asn(gone->as)),
                        lasts ? Remains::kLess : Remains::kNothing);
  if (gone->pipe != 0) path_faults().restore(gone->pipe);
  if (!lasts) bgp_->set_leaks(gone->as, false, mended_);
  mark_all_dirty();
}

// Ways that lead through a network that leaks share its capacity, for as long as they do.
void Network::note_passage(u32 way, const Walk& walk) {
  for (const RouteFaults::Leak& leak : route_faults_->leaks())
    if (leak.pipe != 0)
      path_faults_->set_member(
          leak.pipe, way,
          std::find(walk.through.begin(), walk.through.end(), leak.as) != walk.through.end());
}

u32 Network::hijack_prefixes(const PrefixHijack& hijack, IncidentId cause) {
  const std::optional<AsIndex> as = route_faults().hijacker(hijack);
  const double exact = hijack.prefixes.value * prefixes(hijack.region);
  const auto count = static_cast<u32>(exact + 0.999999);
  if (!as || count == 0) return kNoRoutes;
  const IncidentId id =
      world_.incident(kPrefixesHijacked, name_, {cause},
                      fmt::format("AS {} announces {} of the prefixes of {}", graph_->asn(*as),
                                  count, regions_[hijack.region].name));
  std::vector<PrefixIndex> prefixes;
  for (u32 i = 0; i < count; ++i) prefixes.push_back(prefix(hijack.region, i));
  alive_[*as] = 0;  // nothing of it is there
  bgp_->announce_all(*as, prefixes.front(), count, id);
  return route_faults().add_hijack(*as, std::move(prefixes)).id;
}

void Network::end_hijack(u32 hijack, IncidentId healed) {
  const auto gone = route_faults().take_hijack(hijack);
  if (!gone) return;
  const IncidentId id =
      world_.incident(kHijackEnded, name_, {healed}, fmt::format("AS {}", graph_->asn(gone->as)));
  bgp_->withdraw_all(gone->as, gone->prefixes.front(), static_cast<u32>(gone->prefixes.size()), id);
}

namespace {

const IncidentKind kPathsCut{"paths_cut",
                             "nothing gets through on ways to regions or between them"};
const IncidentKind kPathsDegraded{
    "paths_degraded", "ways to regions or between them are slower, lose segments or carry less"};
const IncidentKind kPathsRestored{"paths_restored", "ways have no fault any more"};
const IncidentKind kRoutesPreferred{
    "routes_preferred",
    "members of a backbone send what clients bring them to one member, whose routes they prefer"};

}  // namespace

// Ways are numbered as paths: those of clients first, then those between regions.
u32 Network::number_of(const Path& path) const {
  const Path* first = paths_.data();
  if (&path >= first && &path < first + paths_.size()) return static_cast<u32>(&path - first);
  return static_cast<u32>(paths_.size()) + static_cast<u32>(&path - between_.data());
}

// [client] Of each home's client networks a share by their draws, so that a smaller share is part
// of a larger one.
std::vector<u8> Network::clients_of(const Ways& ways) const {
  std::vector<u8> meant(clients_.size(), 0);
  for (RegionId home = 0; home < regions_.size(); ++home) {
    if (ways.home != kNoRegion && ways.home != home) continue;
    std::vector<std::pair<double, ClientNetwork>> here;
    for (ClientNetwork c = 0; c < clients_.size(); ++c)
      if (clients_[c].home == home) here.emplace_back(uniform(draw(ways_key_, c)), c);
    std::sort(here.begin(), here.end());
    const double share = ways.share ? ways.share->value : 1;
    const auto count = static_cast<std::size_t>(share * static_cast<double>(here.size()) + 0.5);
    for (std::size_t k = 0; k < count; ++k) meant[here[k].second] = 1;
  }
  return meant;
}

std::vector<u32> Network::ways_of(const Ways& ways) const {
  std::vector<u32> found;
  const std::size_t n = regions_.size();
  if (ways.from == WayFrom::kAnywhere || ways.from == WayFrom::kClients) {
    const std::vector<u8> meant = clients_of(ways);
    for (ClientNetwork c = 0; c < clients_.size(); ++c)
      for (RegionId r = 0; r < n; ++r)
        if (meant[c] != 0 && (ways.region == kNoRegion || ways.region == r))
          found.push_back(static_cast<u32>(c * n + r));
  }
  if (ways.from == WayFrom::kClients) return found;
  const auto is = [](RegionId wanted, RegionId r) { return wanted == kNoRegion || wanted == r; };
  for (RegionId a = 0; a < n; ++a)
    for (RegionId b = 0; b < n; ++b)
      if (a != b &&
          ((is(ways.region, a) && is(ways.other, b)) || (is(ways.region, b) && is(ways.other, a))))
        found.push_back(static_cast<u32>(paths_.size() + a * n + b));
  return found;
}

std::string Network::text_of(const Ways& ways, std::size_t count) const {
  const std::string region = ways.region == kNoRegion ? "regions" : regions_[ways.region].name;
  return fmt::format("{}: {} ways", region, count);
}

u32 Network::cut_paths(const Ways& ways, IncidentId cause) {
  std::vector<u32> found = ways_of(ways);
  if (found.empty()) return kNoWays;
  const IncidentId id =
      world_.incident(kPathsCut, name_, {cause}, text_of(ways, found.size()) + " are cut");
  const u32 fault = path_faults().cut(std::move(found), id);
  mark_all_dirty();
  return fault;
}

u32 Network::degrade_paths(const Ways& ways, const WayDamage& damage, IncidentId cause) {
  std::vector<u32> found = ways_of(ways);
  if (found.empty()) return kNoWays;
  const IncidentId id = world_.incident(kPathsDegraded, name_, {cause},
                                        text_of(ways, found.size()) + " are degraded");
  const u32 fault = path_faults().degrade(std::move(found), damage, id);
  mark_all_dirty();
  return fault;
}

bool Network::on_backbone(RegionId region) const {
  const std::vector<std::string>& members = params_.ibgp.members;
  return std::find(members.begin(), members.end(), regions_[region].name) != members.end();
}

// Those who hear of it: members that reach the site then.
u32 Network::prefer_routes(RegionId site, i32 preference, IncidentId cause) {
  const std::size_t n = regions_.size();
  std::vector<PathFaults::Detour> detours;
  for (ClientNetwork c = 0; c < clients_.size(); ++c)
    for (RegionId r = 0; r < n; ++r) {
      const PathState& line = between_[r * n + site].state;
      if (r == site || !on_backbone(r) || line.reach != Reach::kReachable) continue;
      detours.push_back(
          {static_cast<u32>(c * n + r), static_cast<u32>(c * n + site), line.round_trip / 2});
    }
  if (detours.empty() || !on_backbone(site)) return kNoWays;
  if (preference <= params_.ibgp.server_preference) return kNoWays;
  const IncidentId id = world_.incident(
      kRoutesPreferred, name_, {cause},
      fmt::format("the backbone sends what comes to it to {}: local preference {} above {}",
                  regions_[site].name, preference, params_.ibgp.server_preference));
  const u32 fault = path_faults().detour(detours, preference, id);
  mark_all_dirty();
  return fault;
}

void Network::limit_ways() {
  for (const WayCapacity& capacity : params_.capacities) {
    Ways ways;
    for (RegionId r = 0; r < regions_.size(); ++r) {
      if (regions_[r].name == capacity.region) ways.region = r;
      if (regions_[r].name == capacity.from) ways.from = WayFrom::kOneRegion, ways.other = r;
    }
    if (capacity.from == "clients") ways.from = WayFrom::kClients;
    if (capacity.from == "regions") ways.from = WayFrom::kRegions;
    path_faults().limit(ways_of(ways), capacity);
  }
}

void Network::retuned(const LiveChange& change) {
  if (change.path.starts_with("network.capacities")) {
    tuned_.note(change.path, change.cause, world_.now());
    if (path_faults_) path_faults_->eased({change.by, change.path});
  }
  if (!path_faults_ || !change.path.starts_with("network.ibgp")) return;
  path_faults_->rebuild_all();
  mark_all_dirty();
}

void Network::restore_paths(u32 fault, IncidentId healed) {
  const auto gone = path_faults_->restore(fault);
  if (!gone) return;
  const IncidentId restored =
      world_.ease(kPathsRestored, name_, gone->incident, {healed}, "", gone->remains);
  if (gone->remains != Remains::kAsMuch) mended_ = restored;
  mark_all_dirty();
}

}  // namespace stampede
