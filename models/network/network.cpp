// Construction, cached paths, what changes them and who is told. Policies and safeguards are in
// network_policy.cpp, faults in network_faults.cpp.
#include "models/network/network.h"

#include <algorithm>

#include "models/network/as_generator.h"
#include "models/network/bgp.h"
#include "models/network/forwarding.h"
#include "models/network/path_faults.h"
#include "models/network/route_faults.h"
#include "sim/math.h"

namespace stampede {
namespace {

const IncidentKind kPrefixWithdrawn{"prefix_withdrawn",
                                    "routers no longer announce prefixes of a region"};
const IncidentKind kPrefixRestored{"prefix_restored", "routers announce them again"};
const IncidentKind kBgpDivergent{"bgp_divergent",
                                 "routing does not settle: it reached the cap on updates"};

}  // namespace

void Network::fib_changed(AsIndex, PrefixIndex prefix) { mark_dirty(region_of(prefix)); }

// All forwarding changes of an instant lead to one recomputation right after it.
void Network::mark_dirty(RegionId region) {
  regions_[region].dirty = true;
  if (recompute_due_) return;
  recompute_due_ = true;
  world_.scheduler.after(kSoon, Priority::kNetwork, component_, kRecompute);
}

IncidentId Network::origin_sends(AsIndex as, PrefixIndex prefix, bool withdrawal,
                                 IncidentId cause) {
  const RegionId r = region_of(prefix);
  Region& region = regions_[r];
  if (as != region.origin) return cause;  // it is not its own
  if (withdrawal) {
    if (region.withdrawn == kNoIncident || region.restored != kNoIncident) {
      region.withdrawn =
          world_.incident(kPrefixWithdrawn, name_, {cause},
                          region.name + ": routers withdraw " + print(bgp_->prefixes()[prefix]) +
                              ", the first of up to " + std::to_string(prefixes(r)));
      region.restored = kNoIncident;
    }
    prefix_withdrawn_[prefix] = 1;
    return region.withdrawn;
  }
  if (!prefix_withdrawn_[prefix]) return cause;
  prefix_withdrawn_[prefix] = 0;
  if (region.restored == kNoIncident)
    region.restored = world_.incident(
        kPrefixRestored, name_, {cause == kNoIncident ? region.withdrawn : cause},
        region.name + ": routers announce " + print(bgp_->prefixes()[prefix]) + " again");
  return region.restored;
}

bool Network::update(Path& path, const Walk& walk, RegionId region) {
  PathState next;
  next.reach = walk.reach;
  next.round_trip = next.routed = 2 * walk.one_way;
  next.changed = path.state.changed;
  if (path_faults_) {
    const u32 way = number_of(path);
    if (route_faults_) note_passage(way, walk);
    path_faults_->apply(way, next);
  }
  const bool was = path.state.reach == Reach::kReachable;
  const bool is = next.reach == Reach::kReachable;
  if (was && (!is || walk.end != path.end)) ++next.changed;
  if (!is) next.routed = path.state.routed;
  if (!is) next.round_trip = path.state.round_trip;  // a refusal takes as long as an answer did
  next.mended_by = path.state.mended_by;
  const bool relieved = path.state.harm != nullptr && next.harm == nullptr;
  if (is && (!was || relieved)) next.mended_by = mended_ ? mended_ : walk.cause;
  if (walk.reach != Reach::kReachable) {
    next.cause = walk.cause != kNoIncident ? walk.cause : regions_[region].withdrawn;
    if (!alive_[regions_[region].origin]) next.cause = regions_[region].dead_cause;
  }
  const bool differs = next.reach != path.state.reach || next.changed != path.state.changed ||
                       next.round_trip != path.state.round_trip || next.harm != path.state.harm;
  path.state = next;
  path.end = walk.end;
  return differs;
}

bool Network::recompute_clients(RegionId region) {
  bool differs = false;
  for (ClientNetwork c = 0; c < clients_.size(); ++c) {
    const Walk walk = forwarding_->walk(clients_[c].as, service_prefix(c, region), alive_);
    differs |= update(paths_[c * regions_.size() + region], walk, region);
  }
  return differs;
}

// Both directions must work: without the way back the other side hears nothing.
bool Network::recompute_between(RegionId from, RegionId to) {
  if (from == to) return false;
  if (params_.backbone) return recompute_backbone(from, to);
  Walk walk = forwarding_->walk(regions_[from].origin, prefix(to, 0), alive_);
  RegionId lost = to;
  if (walk.reach == Reach::kReachable) {
    const Walk back = forwarding_->walk(regions_[to].origin, prefix(from, 0), alive_);
    if (back.reach != Reach::kReachable) {
      walk.reach = Reach::kBlackHole;
      walk.cause = back.cause;
      lost = from;
    }
  }
  return update(between_[from * regions_.size() + to], walk, lost);
}

// On the regions' own network, whatever is announced.
bool Network::recompute_backbone(RegionId from, RegionId to) {
  const bool up = alive_[regions_[from].origin] && alive_[regions_[to].origin];
  Walk walk;
  walk.reach = up ? Reach::kReachable : Reach::kBlackHole;
  walk.end = regions_[to].origin;
  walk.one_way = one_way(from, to);
  return update(between_[from * regions_.size() + to], walk,
                alive_[regions_[to].origin] ? from : to);
}

void Network::recompute_dirty() {
  recompute_due_ = false;
  ++recomputes_;
  const auto count = static_cast<RegionId>(regions_.size());
  std::vector<u8> differs(count, 0);
  for (RegionId r = 0; r < count; ++r) {
    if (!regions_[r].dirty) continue;
    regions_[r].dirty = false;
    if (recompute_clients(r)) differs[r] = 1;
    for (RegionId other = 0; other < count; ++other) {
      const bool there = recompute_between(r, other), back = recompute_between(other, r);
      if (there || back) differs[r] = differs[other] = 1;
    }
  }
  mended_ = kNoIncident;
  if (bgp_->divergent()) tell_divergence();
  for (RegionId r = 0; r < count; ++r)
    if (differs[r])
      for (PathListener* listener : listeners_) listener->paths_changed(r);
}

void Network::tell_divergence() {
  if (divergence_told_) return;
  divergence_told_ = true;
  world_.incident(kBgpDivergent, name_, {}, "routing does not settle: update cap reached");
}

void Network::set_alive(RegionId region, bool alive, IncidentId cause) {
  alive_[regions_[region].origin] = alive;
  regions_[region].dead_cause = alive ? kNoIncident : cause;
  if (alive) mended_ = cause;
  mark_dirty(region);
}

LiveRoot Network::live_bgp() { return live_root(bgp_->params()); }

void Network::handle(const Event& event) {
  const auto region = static_cast<RegionId>(event.subject);
  if (event.kind == kRecompute) {
    recompute_dirty();
    return;
  }
  if (regions_[region].generation != event.argument) return;  // overtaken by a later push
  switch (static_cast<Kind>(event.kind)) {
    case kApply:
      apply_stage(region);
      break;
    case kRestore:
      allow_all(region, regions_[region].restore_cause);
      break;
    case kConfirm:
      confirm(region);
      break;
    case kRecompute:
      break;
  }
}

namespace {
constexpr u32 kFirstOriginAsn = 4'200'000'000;  // private use (RFC 6996)
}  // namespace

const RegionAttachment* Network::attachment(RegionId region) const {
  for (const RegionAttachment& a : params_.attachments)
    if (a.region == regions_[region].name) return &a;
  return nullptr;
}

// Of 10.0.0.0/8 each region has 256 /24s, or more if it announces more.
std::vector<Prefix> Network::lay_out_prefixes() {
  const auto each = static_cast<u32>(params_.prefixes_per_region);
  const u32 room = std::max(each, 256u);
  std::vector<Prefix> result;
  for (RegionId r = 0; r < regions_.size(); ++r) {
    first_prefix_.push_back(static_cast<PrefixIndex>(result.size()));
    const RegionAttachment* own = attachment(r);
    if (own != nullptr && !own->prefixes.empty())
      for (const std::string& text : own->prefixes) result.push_back(parse_prefix(text).value());
    else
      for (u32 i = 0; i < each; ++i) result.push_back({10u << 24 | (r * room + i) << 8, 24});
    region_of_prefix_.resize(result.size(), r);
  }
  first_prefix_.push_back(static_cast<PrefixIndex>(result.size()));
  return result;
}

Network::Network(World& world, const NetworkParams& params, std::vector<NetworkRegion> regions,
                 std::string path)
    : world_(world),
      params_(params),
      name_(std::move(path)),
      component_(world.scheduler.add(this)),
      safeguard_key_(world.stream(name_, "safeguards")),
      ways_key_(world.stream(name_, "ways")) {
  const auto count = static_cast<u32>(regions.size());
  for (NetworkRegion& region : regions) {
    regions_.emplace_back().name = std::move(region.name);
    regions_.back().site = std::move(region.site);
  }
  STAMPEDE_CHECK(params_.file.empty() || params_.graph, "the graph's file has not been read");
  graph_ = std::make_unique<AsGraph>(
      params_.graph ? *params_.graph : generate_as_graph(params_.generator, count, world.seed));
  place_ases();
  assign_regions(*graph_, count, world.seed);
  attach_regions(world.seed);
  choose_clients(world.seed);
  set_delays(world.seed);
  bgp_ = std::make_unique<Bgp>(world.scheduler, *graph_, params_.bgp, lay_out_prefixes(),
                               world.seed, name_ + ".bgp", static_cast<BgpObserver*>(this));
  for (PrefixIndex p = 0; p < bgp_->prefixes().size(); ++p)
    bgp_->originate(regions_[region_of(p)].origin, p);
  if (params_.roas && params_.bgp.rov_fraction.value > 0) authorise_origins();
  const bool stable = bgp_->converge();
  STAMPEDE_CHECK(stable || !graph_->acyclic(), "routing has no stable state");
  forwarding_ = std::make_unique<Forwarding>(*bgp_);
  alive_.assign(graph_->size(), 1);
  prefix_withdrawn_.assign(bgp_->prefixes().size(), 0);
  paths_.resize(clients_.size() * regions_.size());
  between_.resize(regions_.size() * regions_.size());
  limit_ways();
  for (RegionId r = 0; r < count; ++r) {
    recompute_clients(r);
    for (RegionId other = 0; other < count; ++other) recompute_between(r, other);
  }
  for (std::vector<Path>* table : {&paths_, &between_})
    for (Path& p : *table) p.state.changed = 0;
  if (!stable) tell_divergence();
  register_stats();
}

Network::~Network() = default;

void Network::authorise_origins() {
  std::vector<Roa> roas;
  for (PrefixIndex p = 0; p < bgp_->prefixes().size(); ++p) {
    const Prefix& prefix = bgp_->prefixes()[p];
    roas.push_back({prefix, graph_->asn(regions_[region_of(p)].origin), prefix.length});
  }
  bgp_->set_roas(std::move(roas));
}

// ASes that an attachment names lie in its region.
void Network::place_ases() {
  for (RegionId r = 0; r < regions_.size(); ++r) {
    const RegionAttachment* own = attachment(r);
    if (own == nullptr) continue;
    for (const std::vector<i64>* list : {&own->ases, &own->clients})
      for (const i64 asn : *list)
        graph_->set_region(graph_->find(static_cast<u32>(asn)).value(), r);
    if (const auto as = graph_->find(static_cast<u32>(own->asn)); own->asn != 0 && as)
      graph_->set_region(*as, r);
  }
}

// The first number for private use, from the region's own on, that the graph and the attachments do
// not use.
u32 Network::free_asn(RegionId region) const {
  u32 asn = kFirstOriginAsn + region;
  const auto named = [&] {
    return std::any_of(params_.attachments.begin(), params_.attachments.end(),
                       [&](const RegionAttachment& a) { return a.asn == i64{asn}; });
  };
  while (graph_->find(asn) || named()) asn += static_cast<u32>(regions_.size());
  return asn;
}

// A region's AS buys from those that are named; one of its own from drawn ones of its region else.
void Network::attach_regions(u64 seed) {
  const StreamKey key = stream_key(seed, name_, "attach");
  const AsIndex size = graph_->size();
  for (RegionId r = 0; r < regions_.size(); ++r) {
    const RegionAttachment* own = attachment(r);
    const bool named = own != nullptr && own->asn != 0;
    const u32 asn = named ? static_cast<u32>(own->asn) : free_asn(r);
    const bool there = graph_->find(asn).has_value();
    regions_[r].origin = graph_->add_as(asn);
    graph_->set_region(regions_[r].origin, r);
    if (own != nullptr)
      for (const i64 provider : own->providers)
        graph_->add_link(static_cast<u32>(provider), asn, LinkKind::kProviderToCustomer);
    if (there || (own != nullptr && !own->providers.empty())) continue;
    std::vector<AsIndex> choices;
    for (const bool anywhere : {false, true}) {
      if (!choices.empty()) break;
      for (AsIndex as = 0; as < size; ++as)
        if ((anywhere || graph_->region(as) == r) && graph_->customers(as) > 0)
          choices.push_back(as);
    }
    if (choices.empty())
      for (AsIndex as = 0; as < size; ++as) choices.push_back(as);
    for (i32 n = 0; n < params_.providers_per_region && !choices.empty(); ++n) {
      const double u = uniform(draw(key, r, static_cast<u32>(n)));
      const auto pick = static_cast<std::ptrdiff_t>(u * static_cast<double>(choices.size()));
      graph_->add_link(graph_->asn(choices[static_cast<std::size_t>(pick)]), asn,
                       LinkKind::kProviderToCustomer);
      choices.erase(choices.begin() + pick);
    }
  }
}

// Those that are named, else stubs of the region, without replacement as long as there are any.
void Network::choose_clients(u64 seed) {
  const StreamKey key = stream_key(seed, name_, "clients");
  for (RegionId r = 0; r < regions_.size(); ++r) {
    const RegionAttachment* own = attachment(r);
    const bool named = own != nullptr && !own->clients.empty();
    const auto each = named ? static_cast<u32>(own->clients.size())
                            : static_cast<u32>(params_.client_networks_per_region);
    double sum = 0;
    for (u32 k = 1; k <= each; ++k) sum += math::pow(k, -params_.client_weight_skew);
    std::vector<AsIndex> stubs, others;
    for (AsIndex as = 0; as < graph_->size() && !named; ++as)
      if (graph_->region(as) == r && as != regions_[r].origin)
        (graph_->customers(as) == 0 ? stubs : others).push_back(as);
    if (stubs.empty()) stubs = others;
    if (stubs.empty()) stubs.push_back(regions_[r].origin);
    const std::vector<AsIndex> all = stubs;
    for (u32 k = 1; k <= each; ++k) {
      const double share = math::pow(k, -params_.client_weight_skew) / sum;
      if (named) {
        clients_.push_back({r, *graph_->find(static_cast<u32>(own->clients[k - 1])), share});
        continue;
      }
      if (stubs.empty()) stubs = all;
      const double u = uniform(draw(key, r, k));
      const auto pick = static_cast<std::ptrdiff_t>(u * static_cast<double>(stubs.size()));
      clients_.push_back({r, stubs[static_cast<std::size_t>(pick)], share});
      stubs.erase(stubs.begin() + pick);
    }
  }
}

Duration Network::one_way(RegionId a, RegionId b) const {
  if (a == b) return params_.intra_region_one_way;
  const std::string &x = regions_[a].name, &y = regions_[b].name;
  for (const RegionLatency& l : params_.latencies)
    if ((l.from == x && l.to == y) || (l.from == y && l.to == x)) return l.one_way;
  const bool together = !regions_[a].site.empty() && regions_[a].site == regions_[b].site;
  return together ? params_.intra_site_one_way : params_.inter_region_one_way;
}

void Network::set_delays(u64 seed) {
  const StreamKey key = stream_key(seed, name_, "delays");
  for (AsIndex as = 0; as < graph_->size(); ++as)
    for (const Neighbour& n : graph_->neighbours(as)) {
      if (n.as < as) continue;
      const double u = 2 * uniform(draw(key, n.link)) - 1;
      const Duration mean = one_way(graph_->region(as), graph_->region(n.as));
      graph_->set_delay(n.link, from_seconds(mean.seconds() * (1 + u * params_.link_spread.value)));
    }
}

void Network::register_stats() {
  StatsTable& t = world_.stats;
  t.counter(name_, "bgp_announcements_total", "announcements sent by all speakers",
            &bgp_->stats().announcements);
  t.counter(name_, "bgp_withdrawals_total", "withdrawals sent by all speakers",
            &bgp_->stats().withdrawals);
  t.counter(name_, "fib_changes_total", "changes of forwarding entries",
            &bgp_->stats().fib_changes);
  for (RegionId r = 0; r < regions_.size(); ++r) {
    t.about(r);
    StatInfo& row = t.gauge(name_ + "." + regions_[r].name, "reachable_ratio", "1",
                            "share of all client networks that reach the region", [this, r] {
                              double reached = 0;
                              for (ClientNetwork c = 0; c < clients_.size(); ++c)
                                reached += path(c, r).reach == Reach::kReachable;
                              return reached / static_cast<double>(clients_.size());
                            });
    row.because = [this, r] {
      std::vector<IncidentId> open{regions_[r].dead_cause};
      for (ClientNetwork c = 0; c < clients_.size(); ++c)
        if (path(c, r).reach != Reach::kReachable) open.push_back(path(c, r).cause);
      return open;
    };
  }
  t.about(std::nullopt);
  t.explain(name_, [this] { return prefix_withdrawn().shown_by; });
}

}  // namespace stampede
