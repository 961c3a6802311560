#include "models/balancing/health_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/balancing/global_balancer.h"

namespace stampede {
namespace {

const IncidentKind kTargetsOut{"targets_out", "checks take a server of a pool out of use"};
const IncidentKind kTargetsBack{"targets_back", "all of them are in use again"};
const IncidentKind kPanicRouting{"panic_routing", "too few servers are well, so that all are used"};
const IncidentKind kPanicOver{"panic_over", "enough are well again"};
const IncidentKind kCheckerOverloaded{"checker_overloaded",
                                      "checks wait for a worker beyond their time-out"};
const IncidentKind kCheckerCaughtUp{"checker_caught_up", "they are in time again"};
const IncidentKind kRegionHealthy{"region_healthy", "enough of its servers are well again"};
const IncidentKind kRegionUnhealthy{
    "region_unhealthy", "too few servers of a region are well, or it reaches no other region"};

}  // namespace

// Stands at one pool of one region's gateway.
class HealthChecks::PoolFilter final : public EndpointFilter {
 public:
  PoolFilter(HealthChecks& checks, RegionId region, WorkloadId workload)
      : checks_(checks), region_(region), workload_(workload) {}
  void ended(PodId, Outcome, Duration, Instant) override {}
  void filter(Instant, std::vector<PodId>& pods) override {
    checks_.filter(region_, workload_, pods);
  }
  bool changed() const override { return false; }  // whoever changes it says so at once

 private:
  HealthChecks& checks_;
  const RegionId region_;
  const WorkloadId workload_;
};

HealthChecks::HealthChecks(World& world, const HealthCheckParams& params,
                           const NetworkPort& network, RoutingControlPort& routing,
                           GlobalBalancer& balancer, std::size_t regions)
    : world_(world),
      params_(params),
      network_(network),
      routing_(routing),
      balancer_(balancer),
      component_(world.scheduler.add(this)),
      draws_(world.stream("health_checks", "answers")),
      regions_(regions) {}

std::unique_ptr<EndpointFilter> HealthChecks::filter_for(RegionId region, WorkloadId workload) {
  return std::make_unique<PoolFilter>(*this, region, workload);
}

void HealthChecks::connect(RegionId region, const Wiring& wiring) {
  Region& r = regions_[region];
  r.wiring = wiring;
  StatsTable& t = world_.stats;
  const std::string name = path(region);
  t.counter(name, "checks_total", "checks of servers that ended", &r.checks);
  t.counter(name, "checks_failed_total", "checks of servers that failed", &r.failed);
  t.counter(name, "checks_late_total", "checks that failed because no worker was free in time",
            &r.late);
  t.gauge(name, "targets_unhealthy", "1", "servers that checks find unwell", [&r] {
    double n = 0;
    for (const Target& target : r.targets)
      n += target.listed && target.probe.health() == Health::kUnhealthy;
    return n;
  });
}

void HealthChecks::start() {
  for (u32 r = 0; r < regions_.size(); ++r)
    world_.scheduler.after(params_.interval, Priority::kControl, component_, kSurvey, r);
}

HealthChecks::Pool& HealthChecks::pool(RegionId region, WorkloadId workload) {
  Region& r = regions_[region];
  if (workload >= r.pools.size()) r.pools.resize(workload + 1u);
  return r.pools[workload];
}

// ---- whom it checks ----------------------------------------------------------------------------
void HealthChecks::follow(RegionId region, WorkloadId workload, const std::vector<PodId>& pods) {
  Region& r = regions_[region];
  Pool& listed = pool(region, workload);
  if (listed.listed == pods) return;
  for (const PodId id : listed.listed) r.targets[id].listed = false;
  listed.listed = pods;
  if (!pods.empty() && pods.back() >= r.targets.size()) r.targets.resize(pods.back() + 1u);
  const bool first = world_.now() == Instant{};
  for (const PodId id : pods) {
    Target& t = r.targets[id];
    t.listed = true;
    if (t.scheduled) continue;
    t.scheduled = true;
    t.workload = workload;
    t.probe =
        ProbeFsm({params_.rise, params_.fall, {}}, first ? Health::kHealthy : Health::kUnknown);
    const double u = uniform(draw(draws_, (u64{region} << 32) | id, 0, 1));
    world_.scheduler.after(from_seconds(u * params_.interval.seconds()) + 1_ns, Priority::kControl,
                           component_, kDue, region, id);
  }
  for (const PodPlace& place : r.wiring.pods->serving())
    if (place.pod < r.targets.size())
      r.targets[place.pod].zone = r.wiring.nodes->zone_of(place.node);
}

// ---- who is used -------------------------------------------------------------------------------
// Those that joined lately are neither well nor unwell: nobody judges by them, and they are used
// only where nobody else is.
void HealthChecks::filter(RegionId region, WorkloadId workload, std::vector<PodId>& pods) {
  follow(region, workload, pods);
  Region& r = regions_[region];
  const std::size_t listed = pods.size();
  std::vector<PodId> well, unwell;
  IncidentId cause = kNoIncident;
  for (const PodId id : pods) {
    const Target& t = r.targets[id];
    if (t.probe.health() == Health::kUnknown) continue;
    (t.probe.usable() ? well : unwell).push_back(id);
    if (!t.probe.usable() && t.cause != kNoIncident) cause = t.cause;
  }
  const auto known = static_cast<double>(well.size() + unwell.size());
  const bool panics = static_cast<double>(well.size()) < params_.panic_below.value * known;
  const bool nobody = well.empty() && unwell.empty();
  if (!panics && !nobody) {
    take_out_zones(r, well);
    // Of those that are not well the last that were stay, if so many must.
    std::stable_sort(unwell.begin(), unwell.end(),
                     [&](PodId a, PodId b) { return r.targets[a].flipped > r.targets[b].flipped; });
    for (const PodId id : unwell)
      if (static_cast<double>(well.size()) < params_.min_healthy.value * known) well.push_back(id);
    std::sort(well.begin(), well.end());
    pods = well;
  }
  const std::size_t joining = listed - static_cast<std::size_t>(known);
  say(r, workload, panics, panics || nobody ? 0 : listed - joining - pods.size(), cause);
}

void HealthChecks::take_out_zones(const Region& r, std::vector<PodId>& pods) const {
  if (!params_.zone_below) return;
  struct Zone {
    double all = 0, well = 0;
  };
  std::vector<Zone> zones;
  for (const Target& t : r.targets) {
    if (!t.listed || t.probe.health() == Health::kUnknown) continue;
    if (t.zone >= zones.size()) zones.resize(t.zone + 1u);
    ++zones[t.zone].all;
    zones[t.zone].well += t.probe.usable();
  }
  std::vector<PodId> left;
  for (const PodId id : pods) {
    const Zone& zone = zones[r.targets[id].zone];
    if (zone.well >= params_.zone_below->value * zone.all) left.push_back(id);
  }
  if (!left.empty()) pods = left;
}

void HealthChecks::say(Region& r, WorkloadId workload, bool panics, std::size_t out,
                       IncidentId cause) {
  const auto region = static_cast<RegionId>(&r - regions_.data());
  Pool& p = pool(region, workload);
  if (out > 0 && p.out == kNoIncident)
    p.out = world_.incident(kTargetsOut, path(region), {cause},
                            fmt::format("{} servers are taken out", out));
  if (panics && p.panic == kNoIncident)
    p.panic = world_.incident(kPanicRouting, path(region), {p.out, cause},
                              "too few servers are well: all are used");
  if (!panics && p.panic != kNoIncident) {
    world_.end(kPanicOver, path(region), p.panic, kNoIncident, "");
    p.panic = kNoIncident;
  }
  if (out == 0 && !panics && p.out != kNoIncident) {
    world_.end(kTargetsBack, path(region), p.out, kNoIncident, "");
    p.out = kNoIncident;
  }
}

// ---- the checker -------------------------------------------------------------------------------
void HealthChecks::handle(const Event& event) {
  const auto region = static_cast<RegionId>(event.subject);
  switch (event.kind) {
    case kDue:
      return due(region, event.argument);
    case kDone:
      return done(region, event.argument);
    default:
      return survey(region);
  }
}

void HealthChecks::due(RegionId region, PodId id) {
  Region& r = regions_[region];
  Target& t = r.targets[id];
  if (!t.listed) {
    t.scheduled = false;
    return;
  }
  world_.scheduler.after(params_.interval, Priority::kControl, component_, kDue, region, id);
  if (t.waits) return;  // the last check of it has not ended
  t.waits = true;
  t.due = world_.now();
  r.waiting.push_back(id);
  pump(region);
}

void HealthChecks::pump(RegionId region) {
  Region& r = regions_[region];
  while (r.busy < params_.workers && !r.waiting.empty()) {
    const PodId id = r.waiting.front();
    r.waiting.pop_front();
    ++r.busy;
    Target& t = r.targets[id];
    t.answer =
        r.wiring.servers->check(id, uniform(draw(draws_, (u64{region} << 32) | id, ++t.asked)));
    const Duration takes = t.answer == CheckAnswer::kSilent ? params_.timeout : params_.check_time;
    world_.scheduler.after(takes, Priority::kControl, component_, kDone, region, id);
  }
}

void HealthChecks::done(RegionId region, PodId id) {
  Region& r = regions_[region];
  --r.busy;
  Target& t = r.targets[id];
  t.waits = false;
  const bool flipped = t.listed && judge(r, region, t);
  pump(region);
  if (!flipped) return;
  r.wiring.servers->filters_changed(t.workload);
  judge_region(region);
}

// Counts a result; returns whether the server is another now.
bool HealthChecks::judge(Region& r, RegionId region, Target& t) {
  const Instant now = world_.now();
  const bool answered = t.answer == CheckAnswer::kWell;
  const bool late = answered && now - t.due > params_.timeout;
  ++r.checks;
  const auto id = static_cast<PodId>(&t - r.targets.data());
  if (!answered) {
    t.cause = r.wiring.servers->unwell(id);
    if (t.answer == CheckAnswer::kSilent) r.last_silent = t.cause;
  } else if (late) {
    ++r.late;
    r.last_late = now;
    if (r.overloaded == kNoIncident)
      r.overloaded =
          world_.incident(kCheckerOverloaded, path(region), {r.last_silent, balancer_.tuned_by()},
                          "checks wait for a worker beyond their time-out");
    t.cause = r.overloaded;
  } else if (r.overloaded != kNoIncident && now - r.last_late > 3 * params_.interval) {
    world_.end(kCheckerCaughtUp, path(region), r.overloaded, kNoIncident, "");
    r.overloaded = kNoIncident;
  }
  r.failed += !answered || late;
  t.probe.retune({params_.rise, params_.fall, {}});
  const bool flipped = t.probe.observe(answered && !late, now);
  if (flipped) t.flipped = now;
  return flipped;
}

// ---- regions -----------------------------------------------------------------------------------
// Its servers are those that have been well and that nobody has asked to end. One that is not ready
// is taken off the list and asked no more: it is not well.
void HealthChecks::judge_region(RegionId region) {
  Region& r = regions_[region];
  if (!params_.region_below && r.closed_by == kNoIncident) return;
  double all = 0, well = 0;
  IncidentId cause = kNoIncident;
  for (PodId id = 0; id < r.targets.size(); ++id) {
    Target& t = r.targets[id];
    t.used |= t.listed && t.probe.usable();
    if (!t.used || !r.wiring.pods->wanted(id)) continue;
    ++all;
    if (t.listed && t.probe.usable()) {
      ++well;
    } else if (const IncidentId why = t.listed ? t.cause : r.wiring.servers->unwell(id)) {
      cause = why;
    }
  }
  const bool down = params_.region_below && all > 0 && well < params_.region_below->value * all;
  if (down == (r.closed_by != kNoIncident)) return;
  if (down)
    r.closed_by = world_.incident(kRegionUnhealthy, path(region), {cause},
                                  fmt::format("{:g} of {:g} servers are well", well, all));
  const IncidentId over =
      down ? kNoIncident : world_.end(kRegionHealthy, path(region), r.closed_by, kNoIncident, "");
  if (params_.withdraw == WithdrawWhen::kServers) withdraw(region, down, down ? r.closed_by : over);
  if (!down) r.closed_by = kNoIncident;
  balancer_.filters_changed();
}

void HealthChecks::withdraw(RegionId region, bool down, IncidentId cause) {
  Region& r = regions_[region];
  if (down == (r.pushed != kNoIncident)) return;
  if (down) {
    r.pushed = routing_.push_policy(region, ExportPolicy{}, cause);
  } else {
    routing_.take_back(region, r.pushed, cause);
    r.pushed = kNoIncident;
  }
}

// Are enough of its servers well, and does the region reach any other? Asked as often as a server
// is checked.
void HealthChecks::survey(RegionId region) {
  world_.scheduler.after(params_.interval, Priority::kControl, component_, kSurvey, region);
  judge_region(region);
  if (params_.withdraw != WithdrawWhen::kBackbone || regions_.size() < 2) return;
  bool reached = false;
  IncidentId cause = kNoIncident, mended = kNoIncident;
  for (std::size_t other = 0; other < regions_.size(); ++other) {
    if (other == region) continue;
    const PathState& way = network_.between(region, static_cast<RegionId>(other));
    reached |= way.reach == Reach::kReachable;
    if (way.cause != kNoIncident) cause = way.cause;
    mended = std::max(mended, way.mended_by);
  }
  Region& r = regions_[region];
  r.cut_off = reached ? 0 : r.cut_off + 1;
  r.reached = reached ? r.reached + 1 : 0;
  if (r.cut_off == params_.fall)
    withdraw(
        region, true,
        world_.incident(kRegionUnhealthy, path(region), {cause}, "it reaches no other region"));
  if (r.reached == params_.rise && r.pushed != kNoIncident)
    withdraw(region, false,
             world_.end(kRegionHealthy, path(region), r.pushed,
                        mended > r.pushed ? mended : kNoIncident, ""));
}

}  // namespace stampede
