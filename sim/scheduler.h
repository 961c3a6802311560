// The pending-event set: exact order (time, priority, sequence), cancellable handles.
// Limits: one thread, 2^32-2 pending events, no event in the past.
#pragma once
#include <vector>

#include "sim/event.h"

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
                 u32 argument = 0);
  EventHandle after(Duration delay, Priority priority, ComponentId target, u8 kind,
                    u32 subject = 0, u32 argument = 0) {
    return this->at(now_ + delay, priority, target, kind, subject, argument);
  }

  // True if the event was pending and is now cancelled.
  bool cancel(EventHandle handle);
  bool pending(EventHandle handle) const;

  // Handles every event with time <= until, then sets now to `until`. Returns false if stop() was
  // called; the rest can be run later.
  bool run_until(Instant until);
  void stop() { stopped_ = true; }

  u64 handled() const { return handled_; }      // events delivered so far
  u64 pending_count() const { return live_; }   // events scheduled and not yet delivered/cancelled

 private:
  struct Entry {  // heap node: 16 bytes
    u64 time;
    u64 order;  // priority:8 | sequence:56 -- unique
    u32 slot;
  };
  struct Payload {
    u32 subject, argument;
    ComponentId target;
    u8 kind;
    Priority priority;
    u32 generation;
    bool live;
  };
  static bool before(const Entry& a, const Entry& b) {
    return a.time != b.time ? a.time < b.time : a.order < b.order;
  }
  void push(Entry e);
  Entry pop();

  Instant now_{};
  u64 sequence_ = 0, handled_ = 0, live_ = 0;
  Priority rung_ = Priority::kFault;
  bool stopped_ = false;
  std::vector<Entry> heap_;
  std::vector<Payload> payloads_;
  std::vector<u32> free_;
  std::vector<Component*> components_;
};

}  // namespace stampede
