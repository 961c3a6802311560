// Operators: what they notice, after how long they decide, what they then do, and that they find
// what is really there when they act.
// State of a step: idle -> delaying -> acting -> done. A step is due while what it watches holds,
// every step it needs is done, and every step it comes after is done or shows no need to be done;
// it acts only if what it watches still holds after its delay.
// Incidents: paged when a step becomes due, by what shows the condition; decided when the delay is
// over, because of the page and of how the needed steps ended; acted, which everything that the
// action changes names; or, if the condition is gone by then, stood_down.
// Source: post-mortem practice; delays are inputs of the scenario, each with its source or assumed.
// Limits: one incident commander; steps are taken once.
#pragma once
#include <string>
#include <vector>

#include "models/operations/runbook_params.h"
#include "models/ports/changes_port.h"
#include "models/ports/scene.h"
#include "sim/world.h"

namespace stampede {

class Runbook final : public Component {
 public:
  enum class State : u8 { kIdle, kDelaying, kActing, kDone };
  struct Step {
    StepParams params;
    std::vector<std::size_t> needs, after;  // indices
    State state = State::kIdle;
    Instant holds_since = kNever, due_at = kNever, acted_at = kNever, done_at = kNever;
    EventHandle decision;
    IncidentId paged = kNoIncident, acted = kNoIncident;
    IncidentId ended = kNoIncident;  // what showed that the step was done
    Completion completion;
  };

  // Throws InvariantError if a step needs an unknown one (the loader checks first).
  Runbook(World& world, std::vector<StepParams> steps, ChangesPort& changes, Scene scene);
  void start();
  void handle(const Event& event) override;
  const std::vector<Step>& steps() const { return steps_; }
  // A human's delay is running / an operation of theirs is under way.
  bool somebody_decides() const;
  bool something_runs() const;

 private:
  enum Kind : u8 { kTick, kDecision };
  std::size_t index_of(const std::string& name) const;
  bool due(const Step& step) const;
  void tick();
  void page(u32 index);
  void decide(Step& step);
  void finish_if_over(Step& step);

  World& world_;
  ChangesPort& changes_;
  const Scene scene_;
  ComponentId component_;
  std::vector<Step> steps_;
};

}  // namespace stampede
