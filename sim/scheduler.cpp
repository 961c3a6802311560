#include "sim/scheduler.h"

namespace stampede {

ComponentId Scheduler::add(Component* component) {
  STAMPEDE_CHECK(components_.size() < UINT16_MAX, "too many components");
  components_.push_back(component);
  return static_cast<ComponentId>(components_.size() - 1);
}

void Scheduler::check_now(Instant at, Priority priority) const {
  STAMPEDE_CHECK(at >= now_, "event scheduled in the past");
  STAMPEDE_CHECK(priority >= rung_, "event scheduled on a rung that has passed");
}

void Scheduler::drop_cancelled() {
  pending_.remove_if([this](const PendingEvent& event) {
    if (is_live(generations_[event.slot])) return false;
    release(event.slot);
    return true;
  });
  cancelled_ = 0;
}

bool Scheduler::run_until(Instant until, u64 most) {
  STAMPEDE_CHECK(until >= now_, "run into the past");
  stopped_ = false;
  const u64 last = most < UINT64_MAX - handled_ ? handled_ + most : UINT64_MAX;
  PendingEvent e;
  while (pending_.pop(static_cast<u64>(until.ns), generations_.data(), e)) {
    u32& generation = generations_[e.slot];
    if (!is_live(generation)) [[unlikely]] {
      release(e.slot);
      --cancelled_;
      continue;
    }
    ++generation;
    release(e.slot);
    --live_;
    ++handled_;
    now_ = Instant{static_cast<i64>(e.time)};
    rung_ = e.priority;
    pending_.look_ahead([this](const PendingEvent& ahead, bool next) {
      components_[ahead.target]->prefetch(ahead.kind, ahead.subject, next);
    });
    const Event event{now_, e.subject, e.argument, e.target, e.kind, e.priority};
    components_[event.target]->handle(event);
    if (stopped_ || handled_ == last) return false;
  }
  now_ = until;
  pending_.advance(static_cast<u64>(until.ns));
  rung_ = Priority::kFault;
  return true;
}

std::size_t Scheduler::bytes() const { return pending_.bytes() + generations_.bytes(); }

}  // namespace stampede
