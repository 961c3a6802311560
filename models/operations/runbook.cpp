#include "models/operations/runbook.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace stampede {
namespace {

const IncidentKind kPaged{"paged", "an operator is called, because of what monitoring shows"};
const IncidentKind kStoodDown{"stood_down",
                              "what an operator was called for went away before they acted"};
const IncidentKind kDecided{"decided", "an operator decides to act"};
const IncidentKind kAccessDenied{"access_denied",
                                 "an operator cannot act, as what they need for it is down"};
const IncidentKind kAccessRegained{"access_regained", "what the operator needs works again"};
const IncidentKind kGlassBroken{"glass_broken",
                                "the operator gets in by another way, after `break_glass`"};
const IncidentKind kActed{"acted", "an operator acts"};
const IncidentKind kGaveUp{"gave_up", "an operator gives a step up"};

constexpr const char* kPath = "operations";
constexpr Share kSuccessBelow{0.9};

}  // namespace

Runbook::Runbook(World& world, OperationsParams params, ChangesPort& changes, Scene scene)
    : world_(world),
      changes_(changes),
      scene_(std::move(scene)),
      component_(world.scheduler.add(this)),
      params_(std::move(params)),
      monitor_(world, params_.monitoring,
               {*scene_.network, scene_.regions, params_.monitoring.location},
               {*scene_.network, scene_.regions, params_.location}) {
  for (const StepParams& p : params_.steps) steps_.push_back(make_step(p));
  for (Step& step : steps_) {
    for (const std::string& name : step.params.needs) step.needs.push_back(index_of(name));
    for (const std::string& name : step.params.after) step.after.push_back(index_of(name));
  }
}

Runbook::Step Runbook::make_step(const StepParams& p) {
  const Share below = p.below.value_or(kSuccessBelow);
  std::optional<std::size_t> responder;
  std::string location = params_.location;
  for (std::size_t k = 0; k < params_.responders.size(); ++k) {
    if (params_.responders[k].name != p.responder) continue;
    responder = k;
    if (!params_.responders[k].location.empty()) location = params_.responders[k].location;
  }
  STAMPEDE_CHECK(responder || p.responder.empty(), "no responder is called " + p.responder);
  std::optional<Trigger> until;
  if (p.until) until.emplace(*p.until, below, world_, monitor_, scene_);
  return {p, Trigger(p.when, below, world_, monitor_, scene_), std::move(until),
          Access(p.access, scene_, location), responder};
}

std::size_t Runbook::index_of(const std::string& name) const {
  for (std::size_t k = 0; k < steps_.size(); ++k)
    if (steps_[k].params.name == name) return k;
  invariant_failed("no operations step is called " + name);
}

u32 Runbook::watch(const ConditionParams& condition) {
  gates_.emplace_back(condition, kSuccessBelow, world_, monitor_, scene_);
  return static_cast<u32>(gates_.size() - 1);
}

Alarm Runbook::watched(u32 number) {
  Reading reading = gates_[number].read();
  return {reading.sustained == Seen::kYes, std::move(reading.shown_by)};
}

void Runbook::start() {
  if (!steps_.empty()) world_.scheduler.after(5_s, Priority::kControl, component_, kTick);
  monitor_.start();
}

bool Runbook::due(const Step& step) const {
  if (step.holds_since == kNever || world_.now() - step.holds_since < step.params.sustained)
    return false;
  for (const std::size_t k : step.needs)
    if (steps_[k].state != State::kDone) return false;
  for (const std::size_t k : step.after) {
    const Step& before = steps_[k];
    if (before.state == State::kDone || before.state == State::kGivenUp) continue;
    if (before.state != State::kIdle || before.holds_since != kNever) return false;
  }
  return true;
}

// Of the responder, who is busy from the page to the end of the act.
bool Runbook::free_hands(const Step& step) const {
  if (!step.responder) return true;
  i32 busy = 0;
  for (const Step& other : steps_)
    busy += other.responder == step.responder &&
            (other.state == State::kDelaying || other.state == State::kPreparing ||
             other.state == State::kBlocked || other.state == State::kActing);
  return busy < params_.responders[*step.responder].at_once;
}

void Runbook::tick() {
  for (Step& step : steps_) look_at(step);
  for (u32 i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    if (step.state == State::kIdle && due(step)) page(step);
    if (step.state == State::kQueued && free_hands(step)) take(i);
  }
}

void Runbook::look_at(Step& step) {
  if (step.state == State::kActing) finish_if_over(step);
  step.seen = step.when.read();
  if (step.seen.sustained != Seen::kYes)
    step.holds_since = kNever;
  else if (step.holds_since == kNever)
    step.holds_since = world_.now();
  if (step.state == State::kQueued && step.seen.now == Seen::kNo) stand_down(step);
  if (step.state == State::kBlocked) look_for_access(step);
  if (step.until) step.settled = step.until->read();
  if (step.state == State::kWatching) look_whether_settled(step);
}

void Runbook::page(Step& step) {
  const StepParams& p = step.params;
  step.due_at = world_.now();
  std::string what = p.name + ": " + step.when.text();
  if (p.sustained.ns > 0) what += " for " + print(p.sustained);
  step.unexplained = step.seen.shown_by.empty();
  if (step.unexplained) what += ", unexplained";
  step.paged = world_.incident(kPaged, kPath, step.seen.shown_by, std::move(what));
  step.state = State::kQueued;
}

void Runbook::take(u32 index) {
  Step& step = steps_[index];
  step.state = State::kDelaying;
  Duration delay = step.params.delay;
  if (step.responder) delay = delay + params_.responders[*step.responder].delay;
  // Decided before anything else sees the instant, as what the timeline does.
  world_.scheduler.after(std::max(delay, 1_ns), Priority::kFault, component_, kDecision, index);
}

void Runbook::stand_down(Step& step) {  // it went away by itself
  world_.incident(kStoodDown, kPath, {step.paged}, step.params.name + ": no longer needed");
  step.state = State::kIdle;
  step.due_at = kNever;
}

void Runbook::decide(u32 index) {
  Step& step = steps_[index];
  const StepParams& p = step.params;
  step.seen = step.when.read();
  if (step.seen.now == Seen::kNo) return stand_down(step);
  std::vector<IncidentId> because{step.paged};
  for (const std::size_t k : step.needs) because.push_back(steps_[k].ended);
  step.decided =
      world_.incident(kDecided, kPath, std::move(because),
                      p.name + ": " + p.action.name + (step.unexplained ? ", unexplained" : ""));
  step.decided_at = world_.now();
  if (p.act_delay.ns == 0) return begin_act(step);
  step.state = State::kPreparing;
  world_.scheduler.after(p.act_delay, Priority::kFault, component_, kAct, index);
}

// It may have gone away by itself while people logged in.
void Runbook::prepared(Step& step) {
  step.seen = step.when.read();
  if (step.seen.now == Seen::kNo) return stand_down(step);
  begin_act(step);
}

// With access it acts, without it waits.
void Runbook::begin_act(Step& step) {
  const Alarm denied = step.access.denied();
  if (!denied.holds || step.glass_broken) return act(step, step.decided);
  std::vector<IncidentId> because{step.decided};
  because.insert(because.end(), denied.shown_by.begin(), denied.shown_by.end());
  step.denied = world_.incident(kAccessDenied, kPath, std::move(because),
                                step.params.name + ": what it needs is down");
  step.blocked_at = world_.now();
  step.state = State::kBlocked;
}

void Runbook::look_for_access(Step& step) {
  const std::string& name = step.params.name;
  if (step.seen.now == Seen::kNo && step.acted == kNoIncident) return stand_down(step);
  if (!step.access.denied().holds)
    return act(step, world_.incident(kAccessRegained, kPath, {step.denied}, name));
  const auto glass = step.params.access.break_glass;
  if (!glass || world_.now() - step.blocked_at < *glass) {
    gives_up(step);
    return;
  }
  step.glass_broken = true;
  act(step, world_.incident(kGlassBroken, kPath, {step.denied},
                            name + ": by another way, after " + print(*glass)));
}

void Runbook::act(Step& step, IncidentId because) {
  const StepParams& p = step.params;
  std::vector<IncidentId> causes{step.decided, because, step.acted};
  step.acted = world_.incident(kActed, kPath, std::move(causes), p.name + ": " + p.action.name);
  if (step.acted_at == kNever) step.acted_at = world_.now();
  step.state = State::kActing;
  step.completion = changes_.apply(p.action, p.name, step.acted);
  finish_if_over(step);
}

void Runbook::finish_if_over(Step& step) {
  const Ending ending = step.completion();
  if (!ending.over) return;
  step.over_at = world_.now();
  step.ended = ending.shown_by != kNoIncident ? ending.shown_by : step.acted;
  step.state = State::kWatching;
  if (step.params.repeat || step.until) return;  // it looks whether that settled it
  step.state = State::kDone;
  step.done_at = world_.now();
}

void Runbook::look_whether_settled(Step& step) {
  const bool settled =
      step.until ? step.settled.sustained == Seen::kYes : step.seen.now == Seen::kNo;
  if (settled) {
    step.state = State::kDone;
    step.done_at = world_.now();
    return;
  }
  if (gives_up(step)) return;
  const auto& repeat = step.params.repeat;
  if (repeat && world_.now() - step.over_at >= *repeat && step.seen.now != Seen::kNo)
    begin_act(step);
}

bool Runbook::gives_up(Step& step) {
  const auto& after = step.params.give_up_after;
  if (!after || world_.now() - step.decided_at < *after) return false;
  const IncidentId last = step.state == State::kBlocked ? step.denied : step.acted;
  step.ended = world_.incident(kGaveUp, kPath, {step.decided, last},
                               step.params.name + ": not settled after " + print(*after));
  step.state = State::kGivenUp;
  return true;
}

void Runbook::handle(const Event& event) {
  switch (event.kind) {
    case kTick:
      tick();
      world_.scheduler.after(5_s, Priority::kControl, component_, kTick);
      return;
    case kDecision:
      return decide(event.subject);
    default:
      return prepared(steps_[event.subject]);
  }
}

bool Runbook::somebody_decides() const {
  return std::any_of(steps_.begin(), steps_.end(), [](const Step& step) {
    return step.state == State::kQueued || step.state == State::kDelaying ||
           step.state == State::kPreparing || step.state == State::kBlocked;
  });
}

bool Runbook::something_runs() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const Step& step) { return step.state == State::kActing; });
}

}  // namespace stampede
