#include "models/safety/safety_layer.h"

#include <algorithm>

namespace stampede {
namespace {

const IncidentKind kPoisonedOutputDetected{
    "poisoned_output_detected", "checks of the output find answers out of wrong context"};
const IncidentKind kBreakerOpened{"breaker_opened",
                                  "a circuit breaker opens: traffic is turned away"};
const IncidentKind kRampStarted{"ramp_started", "traffic is let back in by steps"};
const IncidentKind kBreakerClosed{"breaker_closed", "the breaker's ramp has reached its end"};

}  // namespace

namespace {
constexpr const char* kPath = "safety";
constexpr std::size_t kMaxProvenance = 16;
constexpr u32 kReplicaUnit = 1u << 31;  // event subjects: an index into ramping_replicas_
}  // namespace

SafetyLayer::Unit::Unit(const SafetyParams& p, const std::vector<double>& steps)
    : breaker(steps), window(seconds(p)) {}

u32 SafetyLayer::Unit::seconds(const SafetyParams& p) {
  return static_cast<u32>(std::max<i64>(1, p.window.ns / 1'000'000'000));
}

SafetyLayer::SafetyLayer(World& world, const SafetyParams& params, u32 regions)
    : world_(world),
      params_(params),
      component_(world.scheduler.add(this)),
      sample_(world.stream(kPath, "sample")),
      judge_(world.stream(kPath, "judge")),
      sticky_(world.stream(kPath, "sticky")) {
  steps_ = shares(params_.ramp_steps);
  units_.assign(params_.scope == BreakerScope::kGlobal ? 1 : regions, Unit(params_, steps_));
  replicas_.resize(regions);
  StatsTable& t = world_.stats;
  t.counter(kPath, "sampled_total", "answers checked", &stats_.sampled);
  t.counter(kPath, "bad_verdicts_total", "answers called bad", &stats_.bad);
  t.counter(kPath, "trips_total", "breakers opened", &stats_.trips);
  t.counter(kPath, "refused_total", "attempts refused by an open breaker", &stats_.refused);
  t.gauge(kPath, "admitted_ratio", "1", "share of sessions that the first breaker admits",
          [this] { return units_.front().breaker.share(); });
  t.explain(kPath, [this] { return breaker_open().shown_by; });
}

// Verdicts that are being made are judged as they were to be; breakers look at them by the new
// values from the next one on.
void SafetyLayer::retuned(const LiveChange& change) {
  live_causes_.note(change.path, change.cause, world_.now());
  steps_ = shares(params_.ramp_steps);
  for (Unit& unit : units_) retune(unit);
  for (auto& units : replicas_)
    for (Unit& unit : units) retune(unit);
}

void SafetyLayer::retune(Unit& unit) const {
  unit.window.retune(Unit::seconds(params_));
  if (!steps_.empty()) unit.breaker.retune(steps_);
}

std::vector<double> SafetyLayer::shares(const std::vector<Share>& steps) {
  std::vector<double> values;
  for (const Share& step : steps) values.push_back(step.value);
  return values;
}

void SafetyLayer::answered(u64 key, RegionId region, ReplicaId replica, bool poisoned,
                           IncidentId cause) {
  if (!params_.enabled) return;
  ++stats_.answers;
  if (uniform(draw(sample_, key)) >= params_.sample_rate.value) {
    stats_.poisoned_passed += poisoned;
    return;
  }
  ++stats_.sampled;
  const double seen = poisoned ? params_.true_positive.value : params_.false_positive.value;
  const Check check{cause, replica, region, poisoned, uniform(draw(judge_, key)) < seen};
  const u32 slot = checks_.take_as_left();
  checks_[slot] = check;
  world_.scheduler.after(params_.latency, Priority::kControl, component_, kVerdict, slot);
}

void SafetyLayer::handle(const Event& event) {
  if (event.kind == kVerdict) {
    const Check check = checks_[event.subject];
    checks_.give_back(event.subject);
    verdict(check);
  } else if (unit_at(event.subject).ramp_number == event.argument) {
    ramp_step(event.subject);
  }
}

// An answer is called bad, and the breaker trips, without knowing whether that is true. Only the
// journal knows: poisoned_output_detected is recorded when the bad share passes half the trip
// threshold (with the minimum count) and a true detection is among the bad, so that false alarms
// leave no incident.
void SafetyLayer::verdict(const Check& check) {
  ++stats_.verdicts;
  stats_.bad += check.bad;
  stats_.false_bad += check.bad && !check.poisoned;
  Unit& unit = params_.scope == BreakerScope::kReplica ? replica_unit(check.region, check.replica)
                                                       : units_[unit_index(check.region)];
  unit.window.advance(world_.now());
  if (unit.window.true_bad() == 0) {
    unit.provenance.clear();
    if (unit.breaker.state() == BreakerState::kClosed) unit.detected = kNoIncident;
  }
  unit.window.add(world_.now(), check.bad, check.bad && check.poisoned);
  if (!check.bad) return;
  if (check.poisoned && check.cause != kNoIncident && unit.provenance.size() < kMaxProvenance &&
      std::find(unit.provenance.begin(), unit.provenance.end(), check.cause) ==
          unit.provenance.end())
    unit.provenance.push_back(check.cause);
  if (unit.detected == kNoIncident && unit.window.true_bad() > 0 &&
      unit.window.above(params_.threshold.value / 2, params_.minimum_count))
    unit.detected =
        world_.incident(kPoisonedOutputDetected, kPath, unit.provenance,
                        std::to_string(unit.window.bad()) + " of " +
                            std::to_string(unit.window.all()) + " checked answers are bad");
  if (!unit.window.above(params_.threshold.value, params_.minimum_count)) return;
  std::vector<IncidentId> causes{unit.detected};
  live_causes_.add_to(causes, world_.now());
  open(unit, std::move(causes), "bad share of checked answers above " + print(params_.threshold));
}

void SafetyLayer::open(Unit& unit, std::vector<IncidentId> causes, const std::string& what) {
  if (!unit.breaker.trip()) return;
  ++stats_.trips;
  ++unit.ramp_number;
  unit.opened = world_.incident(kBreakerOpened, kPath, std::move(causes), what);
}

IncidentId SafetyLayer::open_by_hand(IncidentId cause, RegionId region) {
  IncidentId id = kNoIncident;
  for (std::size_t k = 0; k < units_.size(); ++k) {
    if (region != kNoRegion && unit_index(region) != k) continue;
    open(units_[k], {cause}, "opened by hand");
    if (id == kNoIncident) id = units_[k].opened;
  }
  return id;
}

Verdict SafetyLayer::admit(u64 session_key, RegionId region) {
  const Unit& unit = unit_of(region);
  // Once it was reopened, what passes says by which ramp.
  if (unit.breaker.state() == BreakerState::kClosed) [[likely]]
    return {Outcome::kSucceeded, {}, unit.ramp};
  if (unit.breaker.state() == BreakerState::kHalfOpen &&
      unit.breaker.admits(uniform(draw(sticky_, session_key))))
    return {Outcome::kSucceeded, {}, unit.ramp};
  ++stats_.refused;
  return {Outcome::kBreaker, params_.retry_after, unit.opened};
}

bool SafetyLayer::globally_open() const {
  if (params_.scope == BreakerScope::kReplica) return false;
  for (const Unit& unit : units_)
    if (unit.breaker.state() != BreakerState::kOpen) return false;
  return true;
}

Alarm SafetyLayer::breaker_open() const {
  Alarm alarm;
  for (const Unit& unit : units_)
    if (unit.breaker.state() != BreakerState::kClosed) alarm.shown_by.push_back(unit.opened);
  alarm.holds = !alarm.shown_by.empty();
  return alarm;
}

bool SafetyLayer::any(bool open_too) const {
  const auto counts = [open_too](const Unit& unit) {
    const BreakerState state = unit.breaker.state();
    return state == BreakerState::kHalfOpen || (open_too && state == BreakerState::kOpen);
  };
  for (const auto& units : replicas_)
    if (std::any_of(units.begin(), units.end(), counts)) return true;
  return std::any_of(units_.begin(), units_.end(), counts);
}

bool SafetyLayer::replica_open(RegionId region, ReplicaId replica) const {
  const auto& units = replicas_[region];
  return replica < units.size() && units[replica].breaker.state() == BreakerState::kOpen;
}

SafetyLayer::Unit& SafetyLayer::replica_unit(RegionId region, ReplicaId replica) {
  auto& units = replicas_[region];
  while (units.size() <= replica) units.emplace_back(params_, steps_);
  return units[replica];
}

SafetyLayer::Unit& SafetyLayer::unit_at(u32 index) {
  if ((index & kReplicaUnit) == 0) return units_[index];
  const auto& [region, replica] = ramping_replicas_[index & ~kReplicaUnit];
  return replica_unit(region, replica);
}

IncidentId SafetyLayer::start_ramp(IncidentId cause) {
  std::vector<u32> open_units;
  for (u32 k = 0; k < units_.size(); ++k)
    if (units_[k].breaker.state() == BreakerState::kOpen) open_units.push_back(k);
  for (u32 r = 0; r < replicas_.size(); ++r)
    for (u32 k = 0; k < replicas_[r].size(); ++k)
      if (replicas_[r][k].breaker.state() == BreakerState::kOpen) {
        open_units.push_back(kReplicaUnit | static_cast<u32>(ramping_replicas_.size()));
        ramping_replicas_.emplace_back(static_cast<RegionId>(r), k);
      }
  if (open_units.empty()) return kNoIncident;
  const IncidentId id = world_.incident(kRampStarted, kPath, {cause},
                                        "the breaker is half open; admission rises in steps");
  for (const u32 k : open_units) {
    Unit& unit = unit_at(k);
    unit.window.clear();
    unit.provenance.clear();
    unit.detected = kNoIncident;
    unit.ramp = id;
    unit.breaker.begin_ramp();
    world_.scheduler.after(params_.ramp_hold, Priority::kControl, component_, kRampStep, k,
                           ++unit.ramp_number);
  }
  return id;
}

void SafetyLayer::ramp_step(u32 index) {
  Unit& unit = unit_at(index);
  if (unit.breaker.state() != BreakerState::kHalfOpen) return;
  double now = 0;
  for (const LoadPort* region : gate_) now = std::max(now, region->bottleneck_load());
  const double growth = params_.ramp_looks_ahead ? unit.breaker.growth() : 1;
  const auto moved = unit.breaker.advance(now, params_.ramp_load_limit.value / growth,
                                          params_.ramp_back_limit.value);
  if (moved == RampBreaker::Moved::kClosed) {
    closed_ = world_.incident(kBreakerClosed, kPath, {unit.ramp}, "the ramp reached its end");
    return;
  }
  const Duration hold =
      moved == RampBreaker::Moved::kHeld ? params_.ramp_recheck : params_.ramp_hold;
  world_.scheduler.after(hold, Priority::kControl, component_, kRampStep, index, unit.ramp_number);
}

}  // namespace stampede
