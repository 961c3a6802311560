// The oracle of the scheduler's property test: the same contract on a plain 4-ary heap whose keys
// carry time, rung and sequence.
#pragma once
#include <vector>

#include "sim/event.h"

namespace stampede::test {

class HeapScheduler {
 public:
  Instant now() const { return now_; }
  ComponentId add(Component* component) {
    components_.push_back(component);
    return static_cast<ComponentId>(components_.size() - 1);
  }
  EventHandle at(Instant at, Priority priority, ComponentId target, u8 kind, u32 subject = 0,
                 u32 argument = 0) {
    STAMPEDE_CHECK(at > now_ || (at == now_ && priority >= rung_), "event in the past");
    const auto slot = static_cast<u32>(events_.size());
    events_.push_back({{at, subject, argument, target, kind, priority}, true});
    push({at.ns, static_cast<u64>(priority) << 56 | slot, slot});
    ++live_;
    return {slot, 0};
  }
  bool pending(EventHandle handle) const {
    return handle.slot < events_.size() && events_[handle.slot].live;
  }
  bool cancel(EventHandle handle) {
    if (!pending(handle)) return false;
    events_[handle.slot].live = false;
    --live_;
    return true;
  }
  bool run_until(Instant until) {
    stopped_ = false;
    while (!heap_.empty() && heap_.front().time <= until.ns) {
      const Entry entry = pop();
      Record& record = events_[entry.slot];
      if (!record.live) continue;
      record.live = false;
      --live_;
      now_ = record.event.at;
      rung_ = record.event.priority;
      const Event event = record.event;
      components_[event.target]->handle(event);
      if (stopped_) return false;
    }
    now_ = until;
    rung_ = Priority::kFault;
    return true;
  }
  void stop() { stopped_ = true; }
  u64 pending_count() const { return live_; }

 private:
  struct Entry {
    i64 time;
    u64 order;
    u32 slot;
  };
  struct Record {
    Event event;
    bool live;
  };
  static bool before(const Entry& a, const Entry& b) {
    return a.time != b.time ? a.time < b.time : a.order < b.order;
  }
  void push(Entry entry) {
    std::size_t i = heap_.size();
    heap_.push_back(entry);
    for (; i > 0 && before(entry, heap_[(i - 1) / 4]); i = (i - 1) / 4)
      heap_[i] = heap_[(i - 1) / 4];
    heap_[i] = entry;
  }
  Entry pop() {
    const Entry top = heap_.front(), last = heap_.back();
    heap_.pop_back();
    const std::size_t n = heap_.size();
    if (n == 0) return top;
    std::size_t i = 0;
    for (;;) {
      std::size_t best = 4 * i + 1;
      if (best >= n) break;
      for (std::size_t k = best + 1; k < 4 * i + 5 && k < n; ++k)
        if (before(heap_[k], heap_[best])) best = k;
      if (!before(heap_[best], last)) break;
      heap_[i] = heap_[best];
      i = best;
    }
    heap_[i] = last;
    return top;
  }

  Instant now_{};
  Priority rung_ = Priority::kFault;
  bool stopped_ = false;
  u64 live_ = 0;
  std::vector<Entry> heap_;
  std::vector<Record> events_;
  std::vector<Component*> components_;
};

}  // namespace stampede::test
