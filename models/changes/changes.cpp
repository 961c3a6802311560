#include "models/changes/changes.h"

#include <utility>

#include "models/changes/action_text.h"
#include "sim/check.h"

namespace stampede {
namespace {

const IncidentKind kNothingChanged{
    "nothing_changed",
    "an action changes nothing: what it is about is gone or never was, or is so already"};
const IncidentKind kNothingUndone{"nothing_undone",
                                  "`do: undo` found no change of that name in force"};
const IncidentKind kHealed{"healed",
                           "a change of the timeline or of an operator ends after its `for`"};
const IncidentKind kUndone{"undone", "`do: undo` takes a change back"};

constexpr const char* kPath = "changes";

}  // namespace

std::map<std::string, ActionEntry>& action_entries() {
  static std::map<std::string, ActionEntry> entries;
  return entries;
}

Changes::Changes(World& world, std::vector<TimelineParams> timeline, Scene scene,
                 std::vector<VersionParams> versions)
    : world_(world),
      scene_(std::move(scene)),
      component_(world.scheduler.add(this)),
      timeline_(std::move(timeline)),
      rollouts_(world, scene_, *this, std::move(versions)) {}

void Changes::prepare(const ActionSelection& action, WatchPort& watch) {
  if (const RollOutParams* p = roll_out_params(action)) rollouts_.prepare(*p, watch);
}

bool Changes::first(const TimelineParams& item) const {
  const auto it = action_entries().find(item.action.name);
  return item.at.ns == 0 && it != action_entries().end() &&
         it->second.begins == Begins::kWithTheRun;
}

void Changes::begin() {
  for (const TimelineParams& item : timeline_)
    if (first(item)) act(item);
}

void Changes::act(const TimelineParams& item) {
  const ActionSelection& action = item.action;
  apply(action, "", world_.incident(action.name, kPath, {}, text_of(action)));
}

void Changes::start() {
  for (u32 i = 0; i < timeline_.size(); ++i)
    if (!first(timeline_[i]))
      world_.scheduler.at(Instant{} + timeline_[i].at, Priority::kFault, component_, kTimeline, i);
}

void Changes::handle(const Event& event) {
  if (event.kind == kTimeline) {
    return act(timeline_[event.subject]);
  }
  Change& change = changes_[event.subject];
  if (event.kind == kLater) {
    if (change.in_force) change.later[event.argument].act();
    return;
  }
  end(change, kHealed, {change.root});
}

Completion Changes::apply(const ActionSelection& action, const std::string& name, IncidentId root) {
  const auto it = action_entries().find(action.name);
  STAMPEDE_CHECK(it != action_entries().end(), "unknown action " + action.name);
  const ActionEntry& entry = it->second;
  const void* params = action.params.get();
  Span span;
  if (entry.span != nullptr) span = entry.span(params);
  if (span.name.empty()) span.name = name;
  Effect effect = entry.apply(params, Act{scene_, *this, root, span.name});
  if (!effect.idle && !effect.nothing) done_.push_back(root);
  if (effect.nothing)
    world_.incident(kNothingChanged, kPath, {root}, action.name + ": it changes nothing");
  if (!effect.heal) span.lasts.reset();
  const Duration lasts = span.lasts.value_or(effect.ends_after);
  if (effect.heal || lasts.ns > 0) {
    Change& change = changes_.emplace_back();
    change.name = span.name;
    change.action = action.name;
    change.root = root;
    change.heal = std::move(effect.heal);
    change.later = std::move(effect.later);
    const auto index = static_cast<u32>(changes_.size() - 1);
    for (u32 k = 0; k < change.later.size(); ++k)
      world_.scheduler.after(change.later[k].after, Priority::kFault, component_, kLater, index, k);
    if (lasts.ns > 0)
      change.end = world_.scheduler.after(lasts, Priority::kFault, component_, kEnd, index);
  }
  return effect.over ? std::move(effect.over) : [] { return Ending{}; };
}

void Changes::end(Change& change, const IncidentKind& kind, std::vector<IncidentId> causes) {
  change.in_force = false;
  world_.scheduler.cancel(change.end);
  const IncidentId ended = world_.incident(kind, kPath, std::move(causes), change.action);
  world_.close(change.root, ended);
  if (change.heal) std::exchange(change.heal, {})(ended);
}

// What brought it is over, and nothing is left to be healed.
void Changes::rolled_back(IncidentId root) {
  for (Change& change : changes_) {
    if (change.root != root || !change.in_force) continue;
    change.in_force = false;
    world_.scheduler.cancel(change.end);
  }
}

void Changes::undo(const std::string& name, IncidentId root) {
  for (std::size_t k = changes_.size(); k-- > 0;) {
    Change& change = changes_[k];
    if (change.name != name || !change.in_force || !change.heal) continue;
    return end(change, kUndone, {change.root, root});
  }
  world_.incident(kNothingUndone, kPath, {root}, "no change called '" + name + "' is in force");
}

}  // namespace stampede
