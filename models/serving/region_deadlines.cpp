// What the slot of deadlines needs: servers that give up an attempt at a time.
#include <algorithm>
#include <utility>

#include "models/serving/region.h"

namespace stampede {

// After everything else of its instant: the client has left by itself, if it did.
void Region::await_deadlines(AttemptSlot slot) {
  if (slot >= stays_.size()) stays_.resize(slot + 1);
  const Deadlines due = wiring_.deadline->enforced(wiring_.clients->deadlines(slot));
  for (const auto& [at, kind] :
       {std::pair{due.first_token, kFirstTokenDue}, {due.answer, kAnswerDue}})
    if (at != kNever)
      world_.scheduler.at(std::max(at, world_.now()), Priority::kArrival, component_, kind, slot,
                          stays_[slot]);
}

void Region::deadline_passed(const Event& event) {
  const AttemptSlot slot = event.subject;
  if (stays_[slot] != event.argument) return;  // it has left
  const bool first = event.kind == kFirstTokenDue;
  if (first && streams(slot)) return;
  const Attempt& a = (*wiring_.attempts)[slot];
  if (a.request != kNoSlot) {  // by now perhaps that of another try, whose client waits longer
    const Deadlines due = wiring_.deadline->enforced(wiring_.clients->deadlines(slot));
    const Instant at = first ? due.first_token : due.answer;
    if (at == kNever) return;
    if (at > world_.now()) {
      world_.scheduler.at(at, Priority::kArrival, component_, event.kind, slot, event.argument);
      return;
    }
  }
  const PodId id = a.pod;
  if (!take_off(slot)) return;
  ++counts_.expired;
  drop(slot, Outcome::kTimeout, overload_);
  reschedule(id);
}

}  // namespace stampede
