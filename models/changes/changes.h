// Every change of a run, by the timeline or by an operator: applied in an event of its own, with an
// incident that all its consequences name, healed after `for`, or taken back by `do: undo`.
// State of a change: in force -> healed, undone or rolled back; what cannot be taken back is not
// kept.
// Incidents: of the timeline one of the action's own name, a root (an operator's act is recorded by
// the runbook); healed, because of that root; undone, because of it and of the undo;
// nothing_undone; nothing_changed, where the target is gone.
// Source: none; bookkeeping.
// Limits: two changes of one name are taken back the latest first.
#pragma once
#include <string>
#include <vector>

#include "models/changes/action.h"
#include "models/changes/rollouts.h"
#include "models/changes/timeline_params.h"
#include "sim/world.h"

namespace stampede {

class Changes final : public Component, public ChangesPort, private RollOutListener {
 public:
  Changes(World& world, std::vector<TimelineParams> timeline, Scene scene,
          std::vector<VersionParams> versions = {});
  void prepare(const ActionSelection& action, WatchPort& watch) override;
  // Before anything starts: what holds from the first instant on.
  void begin();
  void start();
  void handle(const Event& event) override;
  Completion apply(const ActionSelection& action, const std::string& name,
                   IncidentId root) override;
  // Takes back the change of this name that is in force, because of `root`.
  void undo(const std::string& name, IncidentId root);
  Rollouts& rollouts() { return rollouts_; }
  // Roots of all that was done, for judges.
  const std::vector<IncidentId>& done() const { return done_; }

 private:
  enum Kind : u8 { kTimeline, kEnd, kLater };
  struct Change {
    std::string name, action;
    IncidentId root = kNoIncident;
    Heal heal;  // may be empty: it ends by itself
    bool in_force = true;
    EventHandle end{};
    std::vector<Later> later{};
  };
  bool first(const TimelineParams& item) const;
  void act(const TimelineParams& item);
  void end(Change& change, const IncidentKind& kind, std::vector<IncidentId> causes);
  void rolled_back(IncidentId root) override;

  World& world_;
  const Scene scene_;
  ComponentId component_;
  std::vector<TimelineParams> timeline_;
  std::vector<Change> changes_;
  Rollouts rollouts_;
  std::vector<IncidentId> done_;
};

}  // namespace stampede
