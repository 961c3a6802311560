// Timeouts of one constant duration that nearly always come to nothing: a first-in first-out ring
// outside the main queue, in which only the head has an event. Entries whose subject is done by the
// time they reach the head are skipped without an event.
//
//   TimeoutRing ring_{scheduler, id, Priority::kTimeout, kRequestTimeout};       // one a duration
//   ring_.push(now + timeout, request_slot, request_generation);                // on sending
//   case kRequestTimeout:                                                      // in handle()
//     ring_.expire([&](u32 s, u32 g) { return requests_.alive(s, g); },
//                  [&](u32 s, u32 g) { time_out(s); });
//
// Nothing is done when a subject ends: its generation changes and the entry is dead.
// Limits: deadlines must be pushed in order, which one constant duration gives; entries of one ring
// that fall due at the same nanosecond expire in one event, first pushed first. Among other events
// of the same nanosecond and rung the ring's event stands where it was armed (when its entry became
// the head), not where the entry was pushed. A dead head whose event is already scheduled costs
// that event.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "sim/huge_pages.h"
#include "sim/scheduler.h"

namespace stampede {

class TimeoutRing {
  struct Nothing {
    void operator()(u32) const {}
  };

 public:
  // Expiries are delivered to `target` as events (priority, kind, event_subject, event_argument);
  // the handler calls expire(). The last two tell the rings of one component apart.
  TimeoutRing(Scheduler& scheduler, ComponentId target, Priority priority, u8 kind,
              u32 event_subject = 0, u32 event_argument = 0)
      : scheduler_(&scheduler),
        event_subject_(event_subject),
        event_argument_(event_argument),
        target_(target),
        kind_(kind),
        priority_(priority) {}

  // O(1) amortised. `deadline` must not lie before the one pushed last.
  void push(Instant deadline, u32 subject, u32 generation) {
    push(deadline, subject, generation, [](u32, u32) { return true; });
  }
  // The same, and a full ring first forgets dead entries before it grows: for timeouts much longer
  // than what they guard, memory then follows the live subjects, not the timeouts.
  template <class Alive, class Fetch = Nothing>
  void push(Instant deadline, u32 subject, u32 generation, Alive alive, Fetch fetch = {}) {
    STAMPEDE_CHECK(deadline >= latest_, "a ring's timeouts must be pushed in order");
    latest_ = deadline;
    if (end_ - begin_ == entries_.size()) [[unlikely]]
      make_room(alive, fetch);
    entries_[end_++ & mask_] = {deadline, subject, generation};
    if (!armed_) arm(deadline);
  }

  // Call from the handler of the ring's event: calls fire(subject, generation) for each entry due
  // now for which alive(subject, generation) holds, then schedules the next live entry. `fire` may
  // push into this ring.
  template <class Alive, class Fire, class Fetch = Nothing>
  void expire(Alive alive, Fire fire, Fetch fetch = {}) {
    const Instant now = scheduler_->now();
    while (begin_ != end_) {
      const Entry entry = entries_[begin_ & mask_];
      fetch(entries_[(begin_ + kAhead) & mask_].subject);
      const bool due = entry.deadline <= now;
      const bool lives = alive(entry.subject, entry.generation);
      if (!due && lives) break;
      ++begin_;
      if (lives) fire(entry.subject, entry.generation);
    }
    armed_ = false;
    if (begin_ != end_) arm(entries_[begin_ & mask_].deadline);
  }

  std::size_t size() const { return end_ - begin_; }  // entries held, dead ones included
  bool takes(Instant deadline) const { return deadline >= latest_; }  // does it keep the order?

 private:
  struct Entry {
    Instant deadline;
    u32 subject, generation;
  };
  static constexpr std::size_t kSmallest = 64;
  static constexpr std::size_t kAhead = 8;  // entries between the one asked about and the fetched

  void arm(Instant deadline) {
    armed_ = true;
    scheduler_->at(deadline, priority_, target_, kind_, event_subject_, event_argument_);
  }
  // Keeps the live entries in order, then doubles if more than half of the ring is still in use.
  template <class Alive, class Fetch>
  void make_room(Alive alive, Fetch fetch) {
    LargeVector<Entry> kept;
    kept.reserve(entries_.size());
    for (std::size_t i = begin_; i != end_; ++i) {
      const Entry& entry = entries_[i & mask_];
      fetch(entries_[(i + kAhead) & mask_].subject);
      if (alive(entry.subject, entry.generation)) kept.push_back(entry);
    }
    begin_ = 0;
    end_ = kept.size();
    std::size_t room = entries_.empty() ? kSmallest : entries_.size();
    if (end_ > room / 2) room *= 2;
    kept.resize(room);
    entries_.swap(kept);
    mask_ = room - 1;
  }

  Scheduler* scheduler_;
  LargeVector<Entry> entries_;  // a power of two of them
  std::size_t begin_ = 0, end_ = 0, mask_ = 0;
  Instant latest_{INT64_MIN};
  u32 event_subject_, event_argument_;
  ComponentId target_;
  u8 kind_;
  Priority priority_;
  bool armed_ = false;  // one event of this ring is pending
};

// Timeouts of a duration that may change: what was pushed keeps its deadline. A ring for each
// length that is still waited for, the first of which takes nearly all of them.
class Timeouts {
 public:
  // The event's argument is the number of the ring.
  Timeouts(Scheduler& scheduler, ComponentId target, Priority priority, u8 kind,
           u32 event_subject = 0)
      : make_{[=, &scheduler](u32 argument) {
          return TimeoutRing(scheduler, target, priority, kind, event_subject, argument);
        }},
        first_(make_(0)) {}

  template <class Alive, class Fetch>
  void push(Instant deadline, u32 subject, u32 generation, Alive alive, Fetch fetch) {
    (first_.takes(deadline) ? first_ : ring_for(deadline))
        .push(deadline, subject, generation, alive, fetch);
  }
  template <class Alive>
  void push(Instant deadline, u32 subject, u32 generation, Alive alive) {
    (first_.takes(deadline) ? first_ : ring_for(deadline))
        .push(deadline, subject, generation, alive);
  }
  void push(Instant deadline, u32 subject, u32 generation) {
    (first_.takes(deadline) ? first_ : ring_for(deadline)).push(deadline, subject, generation);
  }
  // `argument`: of the event.
  template <class Alive, class Fire, class... Fetch>
  void expire(u32 argument, Alive alive, Fire fire, Fetch... fetch) {
    (argument == 0 ? first_ : *others_[argument - 1]).expire(alive, fire, fetch...);
  }

 private:
  TimeoutRing& ring_for(Instant deadline) {
    for (const auto& ring : others_)
      if (ring->takes(deadline)) return *ring;
    const auto number = static_cast<u32>(others_.size() + 1);
    return *others_.emplace_back(std::make_unique<TimeoutRing>(make_(number)));
  }

  std::function<TimeoutRing(u32)> make_;
  TimeoutRing first_;
  std::vector<std::unique_ptr<TimeoutRing>> others_;
};

}  // namespace stampede
