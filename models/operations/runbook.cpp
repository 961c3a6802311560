#include "models/operations/runbook.h"

#include <algorithm>
#include <utility>

namespace stampede {
namespace {

constexpr const char* kPath = "operations";

// Of several regions: what each of them shows.
template <class Ports, class Shows>
Alarm any_of(const Ports& ports, Shows shows) {
  Alarm all;
  for (const auto* port : ports) {
    const Alarm one = shows(*port);
    if (!one.holds) continue;
    all.holds = true;
    all.shown_by.insert(all.shown_by.end(), one.shown_by.begin(), one.shown_by.end());
  }
  return all;
}

Alarm shown(const StepParams& p, const Scene& scene) {
  switch (p.when) {
    case Watched::kSuccessBelow:
      return scene.service->success_below(p.below.value);
    case Watched::kPrefixWithdrawn:
      return scene.routing->prefix_withdrawn();
    case Watched::kControlPlaneFrozen:
      return any_of(scene.control_planes,
                    [](const ControlPlanePort& plane) { return plane.frozen(); });
    case Watched::kBreakerOpen:
      return scene.breakers->breaker_open();
    case Watched::kAutoscalerStopped:
      return any_of(scene.autoscalers,
                    [](const AutoscalerControlPort& c) { return c.autoscaler_stopped(); });
  }
  return {};
}

}  // namespace

Runbook::Runbook(World& world, std::vector<StepParams> steps, ChangesPort& changes, Scene scene)
    : world_(world),
      changes_(changes),
      scene_(std::move(scene)),
      component_(world.scheduler.add(this)) {
  for (StepParams& p : steps) steps_.emplace_back().params = std::move(p);
  for (Step& step : steps_) {
    for (const std::string& name : step.params.needs) step.needs.push_back(index_of(name));
    for (const std::string& name : step.params.after) step.after.push_back(index_of(name));
  }
}

std::size_t Runbook::index_of(const std::string& name) const {
  for (std::size_t k = 0; k < steps_.size(); ++k)
    if (steps_[k].params.name == name) return k;
  invariant_failed("no operations step is called " + name);
}

void Runbook::start() {
  if (!steps_.empty()) world_.scheduler.after(5_s, Priority::kControl, component_, kTick);
}

bool Runbook::due(const Step& step) const {
  if (step.holds_since == kNever || world_.now() - step.holds_since < step.params.sustained)
    return false;
  for (const std::size_t k : step.needs)
    if (steps_[k].state != State::kDone) return false;
  for (const std::size_t k : step.after) {
    const Step& before = steps_[k];
    if (before.state == State::kDone) continue;
    if (before.state != State::kIdle || before.holds_since != kNever) return false;
  }
  return true;
}

void Runbook::tick() {
  const Instant now = world_.now();
  for (Step& step : steps_) {
    if (step.state == State::kActing) finish_if_over(step);
    if (!shown(step.params, scene_).holds)
      step.holds_since = kNever;
    else if (step.holds_since == kNever)
      step.holds_since = now;
  }
  for (u32 i = 0; i < steps_.size(); ++i)
    if (steps_[i].state == State::kIdle && due(steps_[i])) page(i);
}

void Runbook::page(u32 index) {
  Step& step = steps_[index];
  const StepParams& p = step.params;
  step.state = State::kDelaying;
  step.due_at = world_.now();
  std::string what = p.name + ": " + name_of(p.when);
  if (p.sustained.ns > 0) what += " for " + print(p.sustained);
  step.paged = world_.incident("paged", kPath, shown(p, scene_).shown_by, std::move(what));
  // Decided before anything else sees the instant, as what the timeline does.
  const Duration delay = std::max(p.delay, 1_ns);
  step.decision = world_.scheduler.after(delay, Priority::kFault, component_, kDecision, index);
}

void Runbook::decide(Step& step) {
  const StepParams& p = step.params;
  if (!shown(p, scene_).holds) {  // it went away by itself
    world_.incident("stood_down", kPath, {step.paged}, p.name + ": no longer needed");
    step.state = State::kIdle;
    step.due_at = kNever;
    return;
  }
  std::vector<IncidentId> because{step.paged};
  for (const std::size_t k : step.needs) because.push_back(steps_[k].ended);
  const std::string what = p.name + ": " + p.action.name;
  const IncidentId decided = world_.incident("decided", kPath, std::move(because), what);
  step.acted = world_.incident("acted", kPath, {decided}, what);
  step.acted_at = world_.now();
  step.state = State::kActing;
  step.completion = changes_.apply(p.action, p.name, step.acted);
  finish_if_over(step);
}

void Runbook::finish_if_over(Step& step) {
  const Ending ending = step.completion();
  if (!ending.over) return;
  step.state = State::kDone;
  step.done_at = world_.now();
  step.ended = ending.shown_by != kNoIncident ? ending.shown_by : step.acted;
}

void Runbook::handle(const Event& event) {
  if (event.kind == kTick) {
    tick();
    world_.scheduler.after(5_s, Priority::kControl, component_, kTick);
    return;
  }
  decide(steps_[event.subject]);
}

bool Runbook::somebody_decides() const {
  for (const Step& step : steps_)
    if (step.state == State::kDelaying) return true;
  return false;
}

bool Runbook::something_runs() const {
  for (const Step& step : steps_)
    if (step.state == State::kActing) return true;
  return false;
}

}  // namespace stampede
