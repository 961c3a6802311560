// Events in exact order (time, priority, first-in first-out) with cancellable handles.
// Limits: one thread, 2^32-2 pending events, no event in the past.
#pragma once
#include <vector>

#include "sim/event.h"
#include "sim/pending_set.h"
#include "sim/slot_pool.h"

namespace stampede {

class Scheduler {
 public:
  Instant now() const { return now_; }

  // Registers a receiver; ids are dense and in order of registration. The component must outlive
  // the scheduler's last event.
  ComponentId add(Component* component);

  // Schedules an event at `at` >= now. An event at the current instant on a rung earlier than the
  // one being handled is an invariant error.
  EventHandle at(Instant at, Priority priority, ComponentId target, u8 kind, u32 subject = 0,
                 u32 argument = 0) {
    if (at <= now_) [[unlikely]]
      check_now(at, priority);
    const u32 slot = generations_.take_as_left();
    pending_.push({static_cast<u64>(at.ns), subject, argument, target, kind, priority, slot});
    ++live_;
    return {slot, ++generations_[slot]};
  }
  EventHandle after(Duration delay, Priority priority, ComponentId target, u8 kind, u32 subject = 0,
                    u32 argument = 0) {
    return this->at(now_ + delay, priority, target, kind, subject, argument);
  }

  // True if the event was pending and is now cancelled. Costs O(1) amortised; cancelled events
  // never outnumber the pending ones by more than a constant.
  bool cancel(EventHandle handle) {
    if (!pending(handle)) return false;
    ++generations_[handle.slot];
    --live_;
    if (++cancelled_ > live_ + kCancelledAllowance) [[unlikely]]
      drop_cancelled();
    return true;
  }
  bool pending(EventHandle handle) const {
    return handle.slot < generations_.slots() && generations_[handle.slot] == handle.generation &&
           is_live(handle.generation);
  }

  // Handles every event with time <= until, then sets now to `until` >= now. Returns false if
  // stop() was called or `most` events were handled; the rest can be run later.
  bool run_until(Instant until, u64 most = UINT64_MAX);
  void stop() { stopped_ = true; }

  u64 handled() const { return handled_; }     // events delivered so far
  u64 pending_count() const { return live_; }  // events scheduled and not yet delivered/cancelled
  std::size_t bytes() const;                   // memory held for events, past peaks included

 private:
  static constexpr u64 kCancelledAllowance = 4096;
  // A slot's generation is odd while its event is pending; a slot is free again once its event,
  // delivered or cancelled, has left the set.
  static bool is_live(u32 generation) { return generation % 2 == 1; }
  void release(u32 slot) {
    // A slot whose generations are used up retires: a handle stays valid for ever.
    if (generations_[slot] < UINT32_MAX - 1) generations_.give_back(slot);
  }
  void check_now(Instant at, Priority priority) const;
  void drop_cancelled();

  Instant now_{};
  u64 handled_ = 0, live_ = 0;
  u64 cancelled_ = 0;  // cancelled events still in the set
  Priority rung_ = Priority::kFault;
  bool stopped_ = false;
  SlotPool<u32> generations_;
  std::vector<Component*> components_;
  PendingSet pending_;
};

}  // namespace stampede
