// Cached paths: what changes them and who is told. Construction is in network_setup.cpp, policies
// and safeguards in network_policy.cpp.
#include "models/network/network.h"

#include "models/network/bgp.h"
#include "models/network/forwarding.h"

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

IncidentId Network::origin_sends(AsIndex, PrefixIndex prefix, bool withdrawal, IncidentId cause) {
  const RegionId r = region_of(prefix);
  Region& region = regions_[r];
  if (withdrawal) {
    if (region.withdrawn == kNoIncident || region.restored != kNoIncident) {
      u32 denied = 0;
      for (u32 i = 0; i < static_cast<u32>(params_.prefixes_per_region); ++i)
        denied += !bgp_->exported(region.origin, this->prefix(r, i));
      region.withdrawn = world_.incident(
          kPrefixWithdrawn, name_, {cause},
          region.name + ": routers withdraw " + print(bgp_->prefixes()[prefix]) + " (" +
              std::to_string(denied) + " of " + std::to_string(params_.prefixes_per_region) +
              " prefixes no longer exported)");
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
  next.round_trip = 2 * walk.one_way;
  next.changed = path.state.changed;
  const bool was = path.state.reach == Reach::kReachable;
  const bool is = walk.reach == Reach::kReachable;
  if (was && (!is || walk.end != path.end)) ++next.changed;
  if (!is) {
    next.round_trip = path.state.round_trip;  // a refusal takes about as long as an answer did
    next.cause = walk.cause != kNoIncident ? walk.cause : regions_[region].withdrawn;
    if (!alive_[regions_[region].origin]) next.cause = regions_[region].dead_cause;
  }
  const bool differs = next.reach != path.state.reach || next.changed != path.state.changed ||
                       next.round_trip != path.state.round_trip;
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
  if (bgp_->divergent() && !divergence_told_) {
    divergence_told_ = true;
    world_.incident(kBgpDivergent, name_, {}, "routing does not settle: update cap reached");
  }
  for (RegionId r = 0; r < count; ++r)
    if (differs[r])
      for (PathListener* listener : listeners_) listener->paths_changed(r);
}

void Network::set_alive(RegionId region, bool alive, IncidentId cause) {
  alive_[regions_[region].origin] = alive;
  regions_[region].dead_cause = alive ? kNoIncident : cause;
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

}  // namespace stampede
