// Live conversations: a flat table, and for each (class, home region) a ring of those that will go
// on, from which an arrival takes one after a think time.
// State: free -> live -> closing (the user left, a server still works on it) -> free.
// Limits: think time is what the ring's length makes of it: sessions return after a time spread
// evenly over the second half of twice their mean think time, whatever became of the last answer.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "models/ports/network_port.h"
#include "models/ports/request.h"
#include "sim/huge_pages.h"
#include "sim/slot_pool.h"

namespace stampede {

struct alignas(32) Session {  // never across two cache lines
  u64 key = 0;                // identity: class, home, number
  u32 context = 0;            // history kept as context [tokens]
  u16 turn = 0;
  ClientNetwork client = 0;
  u16 working = 0;     // attempts that servers still hold
  u16 steps_left = 0;  // of an agent's task
  u8 home = 0, class_id = 0;
  bool waiting : 1 = false;  // a request of it is open at the client
  bool closing : 1 = false;
  bool used : 1 = false;
};

using LiveSessions = SlotPool<Session, SessionSlot, LargeVector<Session>>;

// A queue in which the next one is drawn from the older half: gaps of half to a whole round.
class SessionRing {
 public:
  void push(SessionSlot slot) { ring_.push_back(slot); }
  std::size_t size() const { return ring_.size(); }
  // Takes all but `kept` out, those drawn last.
  std::vector<SessionSlot> shrink(std::size_t kept) {
    std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(head_), ring_.end());
    head_ = 0;
    const auto rest = ring_.begin() + static_cast<std::ptrdiff_t>(std::min(kept, ring_.size()));
    std::vector<SessionSlot> out(rest, ring_.end());
    ring_.erase(rest, ring_.end());
    return out;
  }
  // Brings one of the older half to the head, by a uniform u in (0,1), and returns its cell.
  SessionSlot& draw(double u) {
    std::swap(ring_[position(u, 0)], ring_[head_]);
    SessionSlot& cell = ring_[head_];
    if (++head_ == ring_.size()) head_ = 0;
    return cell;
  }
  // The cell that draw(u) will find after `draws` draws, unless one of these moves it.
  const SessionSlot& peek(double u, std::size_t draws) const { return ring_[position(u, draws)]; }

 private:
  std::size_t position(double u, std::size_t ahead) const {
    const std::size_t n = ring_.size();
    const std::size_t k = static_cast<std::size_t>(u * (static_cast<double>(n) * 0.5));
    const std::size_t i = head_ + k + ahead;
    return i >= n ? i - n : i;
  }

  std::vector<SessionSlot> ring_;
  std::size_t head_ = 0;
};

}  // namespace stampede
