// Operators: what they notice, after how long they decide, what they then do, and that they find
// what is really there when they act.
// State of a step: idle -> queued (its responder is busy) -> delaying (to the decision) ->
// preparing (to the act) -> blocked (no access) -> acting -> watching (until it is settled; it can
// act again) -> done or given up. A step is due while what it watches holds, every step it needs is
// done, and every step it comes after is over or shows no need to be done; it acts only if what it
// watches still holds after its delays. Who sees nothing any more goes on.
// Incidents: paged when a step becomes due, by what shows the condition (of a signal: by what its
// publisher attached; else it is unexplained); decided when the delay is over, because of the page
// and of how the needed steps ended; access_denied, because of the decision and of what took the
// access, then access_regained or glass_broken; acted, which everything that the action changes
// names; gave_up; or, if the condition is gone by then, stood_down.
// Source: post-mortem practice; delays are inputs of the scenario, each with its source or assumed.
// Limits: nobody hands over, and no step fails but by lack of access.
#pragma once
#include <string>
#include <vector>

#include "models/operations/access.h"
#include "models/operations/monitor.h"
#include "models/operations/runbook_params.h"
#include "models/operations/trigger.h"
#include "models/ports/changes_port.h"
#include "models/ports/scene.h"
#include "models/ports/watch_port.h"
#include "sim/world.h"

namespace stampede {

class Runbook final : public Component, public WatchPort {
 public:
  enum class State : u8 {
    kIdle,
    kQueued,
    kDelaying,
    kPreparing,
    kBlocked,
    kActing,
    kWatching,
    kDone,
    kGivenUp
  };
  struct Step {
    StepParams params;
    Trigger when;
    std::optional<Trigger> until;
    Access access;
    std::optional<std::size_t> responder{};
    std::vector<std::size_t> needs{}, after{};  // indices
    State state = State::kIdle;
    Reading seen{}, settled{};
    bool unexplained = false;   // no incident shows why it was paged
    bool glass_broken = false;  // another way is open from then on
    Instant holds_since = kNever, due_at = kNever, decided_at = kNever, blocked_at = kNever,
            acted_at = kNever, over_at = kNever, done_at = kNever;
    IncidentId paged = kNoIncident, decided = kNoIncident, denied = kNoIncident,
               acted = kNoIncident;
    IncidentId ended = kNoIncident;  // what showed that the step was done
    Completion completion{};
  };

  // All statistics are registered. Throws InvariantError if a step needs an unknown one or reads a
  // signal that is not there (the loader checks first).
  Runbook(World& world, OperationsParams params, ChangesPort& changes, Scene scene);
  // WatchPort: of those who wait for a condition and are no operators.
  u32 watch(const ConditionParams& condition) override;
  Alarm watched(u32 number) override;
  void start();
  void handle(const Event& event) override;
  const std::vector<Step>& steps() const { return steps_; }
  // A human's delay is running / an operation of theirs is under way.
  bool somebody_decides() const;
  bool something_runs() const;

 private:
  enum Kind : u8 { kTick, kDecision, kAct };
  std::size_t index_of(const std::string& name) const;
  Step make_step(const StepParams& params);
  bool due(const Step& step) const;
  bool free_hands(const Step& step) const;
  void tick();
  void look_at(Step& step);
  void page(Step& step);
  void take(u32 index);
  void decide(u32 index);
  void prepared(Step& step);
  void begin_act(Step& step);
  void look_for_access(Step& step);
  void act(Step& step, IncidentId because);
  void finish_if_over(Step& step);
  void look_whether_settled(Step& step);
  bool gives_up(Step& step);
  void stand_down(Step& step);

  World& world_;
  ChangesPort& changes_;
  const Scene scene_;
  ComponentId component_;
  const OperationsParams params_;
  Monitor monitor_;
  std::vector<Step> steps_;
  std::vector<Trigger> gates_;
};

}  // namespace stampede
