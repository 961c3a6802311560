// API priority and fairness of one server: seats by priority level, shuffle-sharded queues.
// State of a call: seated | queued (bounded) | refused; a seat that falls free takes the next call.
// Source: Kubernetes apiserver flowcontrol (bootstrap/default.go, apf_controller.go: seats are
// ceil(server seats x share / sum), lendable shares, borrowing planned every 10 s).
// Limits: queues of a level take turns call by call, without virtual time; borrowing follows the
// largest demand of the last period, without the smoothing of the original.
#pragma once
#include <array>
#include <deque>
#include <vector>

#include "models/ports/api_server_port.h"

namespace stampede {

class PriorityLevels {
 public:
  static constexpr std::size_t kLevels = static_cast<std::size_t>(ApiLevel::kCount);
  struct Shape {
    i32 share, lendable_share, queues, hand;
  };
  static const std::array<Shape, kLevels>& shapes();
  // Seats of a level on a server with `total` seats; the exempt level has none and needs none.
  static i32 nominal_seats(ApiLevel level, i32 total);
  static i32 lendable_seats(ApiLevel level, i32 total);

  PriorityLevels(i32 total_seats, i32 queue_length);

  // Other numbers: what has a seat or waits in a queue keeps it; what is borrowed stays.
  void retune(i32 total_seats, i32 queue_length);

  // Takes `width` seats if the level has them and nobody waits. A call wider than the level runs
  // alone.
  bool seat(ApiLevel level, i32 width);
  // Puts a call into the shortest queue of its user's hand; false: refused.
  bool enqueue(ApiLevel level, u32 user, u32 call, i32 width);
  void release(ApiLevel level, i32 width);
  // Next queued call that fits now, seated; kNone if none.
  static constexpr u32 kNone = UINT32_MAX;
  u32 next(ApiLevel level);
  // Takes a queued call out (its wait is over).
  void withdraw(ApiLevel level, u32 call);
  // Lends unused seats of levels that allow it to levels that lack some; once a period.
  void plan_borrowing();

  i32 in_use(ApiLevel level) const { return at(level).in_use; }
  i32 limit(ApiLevel level) const { return at(level).limit; }
  i32 queued(ApiLevel level) const { return at(level).queued; }

 private:
  struct Waiting {
    u32 call;
    i32 width;
  };
  struct Level {
    i32 nominal = 0, lendable = 0, limit = 0, in_use = 0, queued = 0, waiting_seats = 0, peak = 0;
    std::size_t turn = 0;
    std::vector<std::deque<Waiting>> queues;
  };
  Level& at(ApiLevel level) { return levels_[static_cast<std::size_t>(level)]; }
  const Level& at(ApiLevel level) const { return levels_[static_cast<std::size_t>(level)]; }
  void note_demand(Level& level);

  std::array<Level, kLevels> levels_;
  i32 queue_length_;
};

}  // namespace stampede
