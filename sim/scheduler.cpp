#include "sim/scheduler.h"

namespace stampede {

ComponentId Scheduler::add(Component* component) {
  STAMPEDE_CHECK(components_.size() < UINT16_MAX, "too many components");
  components_.push_back(component);
  return static_cast<ComponentId>(components_.size() - 1);
}

EventHandle Scheduler::at(Instant at, Priority priority, ComponentId target, u8 kind, u32 subject,
                          u32 argument) {
  STAMPEDE_CHECK(at >= now_, "event scheduled in the past");
  STAMPEDE_CHECK(at > now_ || priority >= rung_, "event scheduled on a rung that has passed");
  u32 slot;
  if (free_.empty()) {
    slot = static_cast<u32>(payloads_.size());
    payloads_.push_back({});
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Payload& p = payloads_[slot];
  p.subject = subject;
  p.argument = argument;
  p.target = target;
  p.kind = kind;
  p.priority = priority;
  p.live = true;
  push({static_cast<u64>(at.ns), (static_cast<u64>(priority) << 56) | sequence_++, slot});
  ++live_;
  return {slot, p.generation};
}

bool Scheduler::cancel(EventHandle handle) {
  if (!pending(handle)) return false;
  payloads_[handle.slot].live = false;
  --live_;
  return true;
}

bool Scheduler::pending(EventHandle handle) const {
  return handle.slot < payloads_.size() && payloads_[handle.slot].generation == handle.generation &&
         payloads_[handle.slot].live;
}

bool Scheduler::run_until(Instant until) {
  stopped_ = false;
  while (!heap_.empty() && heap_.front().time <= static_cast<u64>(until.ns)) {
    const Entry e = pop();
    Payload& p = payloads_[e.slot];
    const bool live = p.live;
    ++p.generation;
    p.live = false;
    free_.push_back(e.slot);
    if (!live) continue;
    --live_;
    const Instant at{static_cast<i64>(e.time)};
    now_ = at;
    rung_ = p.priority;
    ++handled_;
    const Event event{at, p.subject, p.argument, p.target, p.kind, p.priority};
    components_[event.target]->handle(event);
    if (stopped_) return false;
  }
  now_ = until;
  rung_ = Priority::kFault;
  return true;
}

void Scheduler::push(Entry e) {
  std::size_t i = heap_.size();
  heap_.push_back(e);
  while (i > 0) {
    const std::size_t parent = (i - 1) / 4;
    if (!before(e, heap_[parent])) break;
    heap_[i] = heap_[parent];
    i = parent;
  }
  heap_[i] = e;
}

Scheduler::Entry Scheduler::pop() {
  const Entry top = heap_.front();
  const Entry last = heap_.back();
  heap_.pop_back();
  const std::size_t n = heap_.size();
  if (n == 0) return top;
  std::size_t i = 0;
  for (;;) {
    const std::size_t first = 4 * i + 1;
    if (first >= n) break;
    std::size_t best = first;
    for (std::size_t k = first + 1; k < first + 4 && k < n; ++k)
      if (before(heap_[k], heap_[best])) best = k;
    if (!before(heap_[best], last)) break;
    heap_[i] = heap_[best];
    i = best;
  }
  heap_[i] = last;
  return top;
}

}  // namespace stampede
