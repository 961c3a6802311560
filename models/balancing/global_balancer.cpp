// Global balancer: probes, views and the decisions made of them.
#include "models/balancing/global_balancer.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace stampede {
namespace {

const IncidentKind kRegionUnreachable{"region_unreachable",
                                      "the balancer's probes find a region unhealthy"};
const IncidentKind kRegionDrained{"region_drained",
                                  "clients are no longer sent to a region, by somebody's will"};
const IncidentKind kRegionUndrained{"region_undrained", "clients may be sent to the region again"};
const IncidentKind kFailoverStarted{"failover_started",
                                    "the balancer sends a region's clients elsewhere"};
const IncidentKind kRegionReachable{"region_reachable",
                                    "the balancer's probes find a region healthy again"};
const IncidentKind kFailoverEnded{"failover_ended",
                                  "the balancer sends a region's clients home again"};

}  // namespace

GlobalBalancer::GlobalBalancer(World& world, std::string path, const GlobalBalancerParams& params,
                               const NetworkPort& network, std::vector<double> capacity)
    : world_(world),
      path_(std::move(path)),
      params_(params),
      network_(network),
      component_(world.scheduler.add(this)),
      homes_(capacity.size()),
      answers_(answers_kept(), capacity.size(), world.stream(path_, "ttl_phase")),
      probe_loss_(world.stream(path_, "probe_loss")) {
  STAMPEDE_CHECK(params.probe_timeout <= params.probe_interval,
                 "balancer: a probe's time-out exceeds its interval");
  const StreamKey key = world.stream(path_, "region");
  salt_ = (u64{key.hi} << 32) | key.lo;
  Sequence phase(world.stream(path_, "probe_phase"));
  const Instant now = world.now();
  for (double c : capacity) {
    Region r{ProbeFsm({params.rise, params.fall, params.slow_start}, Health::kHealthy)};
    r.capacity = r.full = c;
    r.refreshed = now;
    r.first_probe = phase.next();
    regions_.push_back(r);
  }
  first_probes();
  if (params.max_rate_per_endpoint) endpoint_rate_ = params.max_rate_per_endpoint->per_second;
  world.stats.counter(path_, "routed_total", "attempts that asked for a region", &routed_);
  world.stats.counter(path_, "moved_total", "attempts sent away from home", &moved_);
  world.stats.counter(path_, "refused_total", "attempts refused by the spill cap", &refused_);
  world.stats.counter(path_, "nowhere_total", "attempts for which no region was usable", &nowhere_);
  world.stats.counter(path_, "failovers_total", "home regions whose traffic began to move",
                      &failovers_);
  world.stats.gauge(path_, "healthy_regions", "1", "regions that probes find usable", [this] {
    return static_cast<double>(std::count_if(regions_.begin(), regions_.end(),
                                             [](const Region& r) { return r.probe.usable(); }));
  });
  world.stats.gauge(path_, "expired_views", "1", "regions whose capacity view expired", [this] {
    return static_cast<double>(
        std::count_if(regions_.begin(), regions_.end(), [](const Region& r) { return r.expired; }));
  });
  world.stats.explain(path_, [this] {
    std::vector<IncidentId> open;
    for (std::size_t r = 0; r < regions_.size(); ++r)
      if (!usable(r)) open.push_back(cause_of(r));
    for (const Home& home : homes_)
      if (home.away || home.moving) open.push_back(home.moved_by);
    return open;
  });
  rebuild();
}

void GlobalBalancer::connect(std::vector<RegionFilter*> filters) {
  filters_ = std::move(filters);
  rebuild();
}

void GlobalBalancer::ended(RegionId region, Outcome outcome, IncidentId cause) {
  bool changed = false;
  for (RegionFilter* filter : filters_) {
    filter->ended(region, outcome, cause);
    changed = changed || filter->changed();
  }
  if (changed) rebuild();
}

// The first filter that closes a region; null: none does.
const RegionFilter* GlobalBalancer::closing(std::size_t region) const {
  for (const RegionFilter* filter : filters_)
    if (!filter->open(static_cast<RegionId>(region))) return filter;
  return nullptr;
}

void GlobalBalancer::settle_filters() {
  if (filters_.empty()) return;
  Instant next = kNever;
  for (RegionFilter* filter : filters_) {
    filter->settle();
    next = std::min(next, filter->next_change());
  }
  world_.scheduler.cancel(filter_due_);
  if (next != kNever)
    filter_due_ = world_.scheduler.at(next, Priority::kControl, component_, kFilterDue);
}

void GlobalBalancer::handle(const Event& event) {
  const auto region = static_cast<RegionId>(event.subject);
  switch (event.kind) {
    case kProbe:
      return probe(region);
    case kProbeAnswered:
      return answered(region, false, event.argument);
    case kViewCheck:
      return check_view(region);
    case kFilterDue:
      return rebuild();
    case kRebuild:
      regions_[region].timer = false;
      return rebuild();
    case kMeasure: {
      const double passed = (world_.now() - measured_at_).seconds();
      measured_at_ = world_.now();
      for (Home& h : homes_) {
        h.demand = static_cast<double>(h.offered - h.offered_before) / passed;
        h.offered_before = h.offered;
      }
      await_measure();
      return rebuild();
    }
    default:
      invariant_failed("balancer: unknown event");
  }
}

// What begins with the run; anew if the parameters change before anything has happened.
void GlobalBalancer::first_probes() {
  for (u32 index = 0; index < regions_.size(); ++index) {
    Region& r = regions_[index];
    world_.scheduler.cancel(r.next_probe);
    r.next_probe =
        world_.scheduler.after(from_seconds(r.first_probe * params_.probe_interval.seconds()),
                               Priority::kControl, component_, kProbe, index);
    await_expiry(static_cast<RegionId>(index));
  }
  world_.scheduler.cancel(measure_);
  await_measure();
}

// The rule that needs it measures demand, once an interval.
void GlobalBalancer::await_measure() {
  if (params_.rule != RoutingRule::kWaterfall) return;
  measure_ =
      world_.scheduler.after(params_.probe_interval, Priority::kControl, component_, kMeasure);
}

// One check is pending while the view is fresh; deliveries only move its time of expiry, unless the
// time to live has become shorter.
void GlobalBalancer::await_expiry(RegionId region) {
  Region& r = regions_[region];
  r.expires = params_.view_ttl.ns > 0 ? r.refreshed + params_.view_ttl : kNever;
  world_.scheduler.cancel(r.expiry);
  if (r.expires != kNever)
    r.expiry = world_.scheduler.at(r.expires, Priority::kControl, component_, kViewCheck, region);
}

void GlobalBalancer::probe(RegionId region) {
  regions_[region].next_probe = world_.scheduler.after(params_.probe_interval, Priority::kControl,
                                                       component_, kProbe, region);
  const u32 networks = network_.client_networks();
  const u32 count =
      networks == 0 ? static_cast<u32>(regions_.size()) : std::min<u32>(params_.vantages, networks);
  u32 reached = 0;
  IncidentId cause = kNoIncident, mended = kNoIncident;
  for (u32 v = 0; v < count; ++v) {
    const PathState& path =
        networks == 0
            ? network_.between(static_cast<RegionId>(v), region)
            : network_.path(static_cast<ClientNetwork>(u64{v} * networks / count), region);
    Duration takes = path.round_trip;
    if (path.harm != nullptr) takes += probe_delay(path, region, v);
    if (path.reach == Reach::kReachable && takes <= params_.probe_timeout) {
      ++reached;
      mended = std::max(mended, path.mended_by);
    } else if (cause == kNoIncident) {
      cause =
          path.harm != nullptr && path.reach == Reach::kReachable ? path.harm->cause() : path.cause;
    }
  }
  if (static_cast<double>(reached) > params_.healthy_above.value * static_cast<double>(count))
    answered(region, true, mended);
  else
    world_.scheduler.after(params_.probe_timeout, Priority::kControl, component_, kProbeAnswered,
                           region, cause);
  if (params_.mode == BalancerMode::kAnycast && homes_[region].away) look_home(region);
}

// A question and its answer on a path on which segments are lost.
Duration GlobalBalancer::probe_delay(const PathState& path, RegionId region, u32 vantage) const {
  const Words w = draw(probe_loss_, static_cast<u64>(world_.now().ns), region, vantage);
  return path.harm->request_delay(uniform(w), 1, path.round_trip) +
         path.harm->answer_delay(uniform2(w), path.round_trip);
}

void GlobalBalancer::answered(RegionId region, bool success, IncidentId cause) {
  Region& r = regions_[region];
  const bool ramping = r.probe.health() == Health::kProbation;
  const bool flipped = r.probe.observe(success, world_.now());
  if (flipped && !r.probe.usable()) {
    r.lost_by = cause ? cause : tuned_.lately(world_.now());
    r.unreachable = world_.incident(kRegionUnreachable, path_, {r.lost_by},
                                    "probes find " + world_.region_name(region) + " unhealthy");
  }
  if (flipped && r.probe.usable()) {
    // What was mended before that has nothing to do with it.
    const IncidentId by = cause > r.lost_by ? cause : tuned_.lately(world_.now());
    r.usable_by = world_.end(kRegionReachable, path_, r.unreachable, by,
                             "probes find " + world_.region_name(region) + " healthy again");
  }
  if (flipped || ramping) rebuild();
}

void GlobalBalancer::fresh(RegionId region) {
  Region& r = regions_[region];
  r.refreshed = world_.now();
  r.stalled_by = kNoIncident;
  const Instant before = r.expires;
  r.expires = params_.view_ttl.ns > 0 ? r.refreshed + params_.view_ttl : kNever;
  if (!r.expired && r.expires >= before && before != kNever) return;
  r.expired = false;
  await_expiry(region);
}

void GlobalBalancer::capacity_changed(RegionId region, double ready_capacity, IncidentId cause) {
  fresh(region);
  Region& r = regions_[region];
  ready_capacity *= rate_factor_;
  // A fall without a cause is a smaller region; one with a cause stands until it is made up for.
  if (ready_capacity < r.capacity && cause != kNoIncident) r.shrunk_by = cause;
  if (r.capacity <= 0 && ready_capacity > 0)
    r.usable_by = cause > homes_[region].lost_by ? cause : kNoIncident;
  if (r.shrunk_by == kNoIncident || ready_capacity >= r.full) {
    r.full = ready_capacity;
    r.shrunk_by = kNoIncident;
  }
  r.capacity = ready_capacity;
  rebuild();
}

void GlobalBalancer::view_refreshed(RegionId region) {
  const bool was = regions_[region].expired;
  fresh(region);
  if (was) rebuild();
}

void GlobalBalancer::view_stalled(RegionId region, IncidentId cause) {
  regions_[region].stalled_by = cause;
}

void GlobalBalancer::check_view(RegionId region) {
  Region& r = regions_[region];
  if (r.expires > world_.now()) {
    if (r.expires != kNever)
      r.expiry = world_.scheduler.at(r.expires, Priority::kControl, component_, kViewCheck, region);
    return;
  }
  r.expired = true;
  rebuild();
}

bool GlobalBalancer::usable(std::size_t region) const {
  const Region& r = regions_[region];
  if (!r.probe.usable() || r.capacity <= 0 || !r.drains.empty() || closing(region) != nullptr)
    return false;
  return !(r.expired && params_.view_expiry == ViewExpiry::kFailClosed);
}

IncidentId GlobalBalancer::drain(RegionId region, IncidentId cause) {
  const IncidentId drained =
      world_.incident(kRegionDrained, path_, {cause},
                      "clients are no longer sent to " + world_.region_name(region));
  regions_[region].drains.push_back(drained);
  rebuild();
  return drained;
}

// Of several the last one that ends lets clients in.
void GlobalBalancer::undrain(RegionId region, IncidentId drained, IncidentId healed) {
  Region& r = regions_[region];
  std::vector<IncidentId> over;
  std::erase_if(r.drains, [&](IncidentId d) {
    if (drained != kNoIncident && d != drained) return false;
    over.push_back(d);
    return true;
  });
  if (over.empty()) return;
  if (!r.drains.empty()) return world_.idle(healed);
  std::vector<IncidentId> causes = over;
  causes.push_back(healed);
  r.usable_by = world_.incident(kRegionUndrained, path_, std::move(causes),
                                "clients may be sent to " + world_.region_name(region) + " again");
  for (const IncidentId d : over) world_.close(d, r.usable_by);
  rebuild();
}

IncidentId GlobalBalancer::cause_of(std::size_t region) const {
  const Region& r = regions_[region];
  if (!r.drains.empty()) return r.drains.back();
  if (const RegionFilter* filter = closing(region))
    return filter->closed_by(static_cast<RegionId>(region));
  if (!r.probe.usable()) return r.unreachable;
  const bool closed = r.expired && params_.view_expiry == ViewExpiry::kFailClosed;
  return closed ? r.stalled_by : r.shrunk_by;
}

// May the home's own clients be there now? After an absence only when it has been usable for the
// hold-down, unless nobody else could take them.
bool GlobalBalancer::at_home(std::size_t home, bool alternative) {
  Home& h = homes_[home];
  if (!usable(home)) {
    h.usable_since = kNever;
    return false;
  }
  if (h.usable_since == kNever) h.usable_since = world_.now();
  if (!h.away && !h.moving) return true;
  const Instant back = h.usable_since + params_.hold_down;
  if (back <= world_.now()) return true;
  if (!regions_[home].timer) {
    regions_[home].timer = true;
    world_.scheduler.at(back, Priority::kControl, component_, kRebuild, static_cast<u32>(home));
  }
  return !h.away || !alternative;
}

void GlobalBalancer::started(std::size_t home, IncidentId cause) {
  ++failovers_;
  Home& h = homes_[home];
  if (std::exchange(h.moving, true)) return;  // it came back for want of others, and not for long
  h.lost_by = cause ? cause : tuned_.lately(world_.now());
  h.moved_by = world_.incident(kFailoverStarted, path_, {h.lost_by},
                               "clients of " + world_.region_name(home) + " are sent elsewhere");
  regions_[home].usable_by = kNoIncident;
}

void GlobalBalancer::came_home(std::size_t home) {
  Home& h = homes_[home];
  h.away = h.moving = false;
  world_.end(kFailoverEnded, path_, h.moved_by, regions_[home].usable_by,
             "clients of " + world_.region_name(home) + " are sent home again");
}

// Routing moves clients by itself: a failover lasts until all of a home's networks have reached it
// for the hold-down.
void GlobalBalancer::look_home(RegionId home) {
  for (ClientNetwork c = 0; c < network_.client_networks(); ++c) {
    if (network_.home(c) != home) continue;
    const PathState& path = network_.path(c, home);
    if (path.reach != Reach::kReachable) {
      homes_[home].last_moved = world_.now();
      return;
    }
    if (path.mended_by > homes_[home].lost_by)
      regions_[home].usable_by = std::max(regions_[home].usable_by, path.mended_by);
  }
  if (world_.now() - homes_[home].last_moved > params_.hold_down) came_home(home);
}

Shares GlobalBalancer::shares_for(std::size_t home, const Shares& weight, bool stay) const {
  Shares others = weight;
  others[home] = 0;
  Shares out = proportional_split(others);
  if (!stay) return out;
  const bool alone = std::all_of(others.begin(), others.end(), [](double w) { return w <= 0; });
  const double kept = alone ? 1 : regions_[home].probe.ramp(world_.now());
  for (double& share : out) share *= 1 - kept;
  out[home] = kept;
  return out;
}

std::vector<u32> GlobalBalancer::near_to_far(std::size_t home) const {
  std::vector<u32> order(regions_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<i64> distance(regions_.size(), INT64_MAX);
  for (std::size_t r = 0; r < regions_.size(); ++r) {
    const PathState& path = network_.between(static_cast<RegionId>(home), static_cast<RegionId>(r));
    if (path.reach == Reach::kReachable) distance[r] = path.round_trip.ns;
  }
  distance[home] = -1;
  std::stable_sort(order.begin(), order.end(),
                   [&](u32 a, u32 b) { return distance[a] < distance[b]; });
  return order;
}

std::vector<Shares> GlobalBalancer::waterfall(const Shares& weight,
                                              const std::vector<char>& stay) const {
  Waterfall in;
  in.capacity = weight;
  in.target_utilization = params_.target_utilization.value;
  in.spill_cap = params_.spill_cap.value;
  for (std::size_t h = 0; h < homes_.size(); ++h) {
    in.away.push_back(stay[h] == 0);
    in.demand.push_back(homes_[h].demand);
    in.order.push_back(near_to_far(h));
  }
  return waterfall_split(in);
}

// A region is as healthy as the share that is ready of what it had before it fell.
std::vector<Shares> GlobalBalancer::by_priority(const Shares& weight,
                                                const std::vector<char>& stay) const {
  std::vector<Shares> out;
  for (std::size_t h = 0; h < homes_.size(); ++h) {
    const std::vector<u32> order = near_to_far(h);
    std::vector<HostCount> hosts;
    for (const u32 r : order) {
      const double whole = std::max(regions_[r].full, weight[r]);
      const bool out_of_it = whole <= 0 || (r == h && stay[h] == 0);
      hosts.push_back({out_of_it ? 0 : static_cast<u32>(weight[r] / whole * 1e6 + 0.5), 1'000'000});
    }
    const std::vector<u32> load = priority_split(hosts);
    Shares& shares = out.emplace_back(regions_.size(), 0.0);
    for (std::size_t k = 0; k < order.size(); ++k) shares[order[k]] = load[k] / 100.0;
  }
  return out;
}

void GlobalBalancer::rebuild() {
  settle_filters();
  const std::size_t n = regions_.size();
  Shares weight(n, 0.0);
  std::size_t able = 0;
  for (std::size_t r = 0; r < n; ++r) {
    regions_[r].probe.settle(world_.now());
    if (!usable(r)) continue;
    weight[r] = regions_[r].capacity * regions_[r].probe.ramp(world_.now());
    ++able;
  }
  std::vector<char> stay(n);
  for (std::size_t h = 0; h < n; ++h) stay[h] = at_home(h, able > (usable(h) ? 1U : 0U)) ? 1 : 0;
  std::vector<Shares> split;
  if (params_.rule == RoutingRule::kWaterfall && able > 0) {
    split = waterfall(weight, stay);
  } else if (params_.rule == RoutingRule::kPriority && able > 0) {
    split = by_priority(weight, stay);
  } else {
    for (std::size_t h = 0; h < n; ++h) split.push_back(shares_for(h, weight, stay[h] != 0));
  }
  for (std::size_t h = 0; h < n; ++h) {
    if (able == 0 && params_.panic) split[h][h] = 1;
    const bool away = stay[h] == 0 && able > 0;
    // While nobody can take them, nothing begins and nothing ends.
    if (params_.mode == BalancerMode::kDns && able > 0) {
      if (away && !homes_[h].away && world_.now() > Instant{}) started(h, cause_of(h));
      homes_[h].away = away;
      if (!away && homes_[h].moving && homes_[h].usable_since + params_.hold_down <= world_.now())
        came_home(h);
    }
    const IncidentId by = away ? homes_[h].moved_by : cause_of(h);
    answers_.publish(world_.now(), static_cast<RegionId>(h), split[h], by);
  }
}

double GlobalBalancer::share(RegionId home, RegionId region) const {
  const Answer& a = answers_.newest(home);
  if (a.none) return 0;
  if (a.all_home) return home == region ? 1 : 0;
  const u64 below = region == 0 ? 0 : a.cumulative[region - 1U];
  return static_cast<double>(a.cumulative[region] - below) / 4294967296.0;
}

}  // namespace stampede
