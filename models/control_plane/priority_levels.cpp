#include "models/control_plane/priority_levels.h"

#include <algorithm>

#include "sim/random.h"

namespace stampede {

const std::array<PriorityLevels::Shape, PriorityLevels::kLevels>& PriorityLevels::shapes() {
  // share, lendable percent as seats of 600 (see nominal_seats), queues, hand
  static const std::array<Shape, kLevels> table = {{{0, 0, 0, 0},
                                                    {30, 33, 64, 6},
                                                    {40, 25, 64, 6},
                                                    {10, 0, 16, 4},
                                                    {40, 50, 128, 6},
                                                    {100, 90, 128, 6},
                                                    {20, 50, 128, 6},
                                                    {5, 0, 0, 0}}};
  return table;
}

i32 PriorityLevels::nominal_seats(ApiLevel level, i32 total) {
  i32 sum = 0;
  for (const Shape& s : shapes()) sum += s.share;
  return (total * shapes()[static_cast<std::size_t>(level)].share + sum - 1) / sum;
}

i32 PriorityLevels::lendable_seats(ApiLevel level, i32 total) {
  const i32 percent = shapes()[static_cast<std::size_t>(level)].lendable_share;
  return (nominal_seats(level, total) * percent + 50) / 100;
}

PriorityLevels::PriorityLevels(i32 total_seats, i32 queue_length) : queue_length_(queue_length) {
  for (std::size_t i = 0; i < kLevels; ++i) {
    const ApiLevel level = static_cast<ApiLevel>(i);
    levels_[i].nominal = levels_[i].limit = std::max(1, nominal_seats(level, total_seats));
    levels_[i].lendable = lendable_seats(level, total_seats);
    levels_[i].queues.resize(static_cast<std::size_t>(shapes()[i].queues));
  }
  levels_[0].nominal = levels_[0].limit = INT32_MAX / 2;
}

void PriorityLevels::retune(i32 total_seats, i32 queue_length) {
  queue_length_ = queue_length;
  for (std::size_t i = 1; i < kLevels; ++i) {
    Level& level = levels_[i];
    const i32 before = level.nominal;
    level.nominal = std::max(1, nominal_seats(static_cast<ApiLevel>(i), total_seats));
    level.lendable = lendable_seats(static_cast<ApiLevel>(i), total_seats);
    level.limit = std::max(1, level.limit + level.nominal - before);
  }
}

void PriorityLevels::note_demand(Level& level) {
  level.peak = std::max(level.peak, level.in_use + level.waiting_seats);
}

bool PriorityLevels::seat(ApiLevel name, i32 width) {
  Level& level = at(name);
  if (level.queued > 0) return false;
  if (level.in_use > 0 && level.in_use + width > level.limit) return false;
  level.in_use += width;
  note_demand(level);
  return true;
}

bool PriorityLevels::enqueue(ApiLevel name, u32 user, u32 call, i32 width) {
  Level& level = at(name);
  if (level.queues.empty()) return false;
  // A hand of distinct queues dealt by the user's hash; the shortest of them, first among equals.
  const std::size_t count = level.queues.size();
  const i32 hand = shapes()[static_cast<std::size_t>(name)].hand;
  std::size_t best = count;
  u64 hash = mix64((static_cast<u64>(user) << 8) | static_cast<u64>(name));
  for (i32 i = 0; i < hand; ++i) {
    const std::size_t q = static_cast<std::size_t>(hash % count);
    hash = mix64(hash);
    if (best == count || level.queues[q].size() < level.queues[best].size()) best = q;
  }
  if (level.queues[best].size() >= static_cast<std::size_t>(queue_length_)) return false;
  level.queues[best].push_back({call, width});
  ++level.queued;
  level.waiting_seats += width;
  note_demand(level);
  return true;
}

void PriorityLevels::release(ApiLevel name, i32 width) { at(name).in_use -= width; }

u32 PriorityLevels::next(ApiLevel name) {
  Level& level = at(name);
  if (level.queued == 0) return kNone;
  while (level.queues[level.turn].empty()) level.turn = (level.turn + 1) % level.queues.size();
  const Waiting first = level.queues[level.turn].front();
  if (level.in_use > 0 && level.in_use + first.width > level.limit) return kNone;
  level.queues[level.turn].pop_front();
  level.turn = (level.turn + 1) % level.queues.size();
  --level.queued;
  level.waiting_seats -= first.width;
  level.in_use += first.width;
  return first.call;
}

void PriorityLevels::withdraw(ApiLevel name, u32 call) {
  Level& level = at(name);
  for (auto& queue : level.queues)
    for (auto it = queue.begin(); it != queue.end(); ++it)
      if (it->call == call) {
        --level.queued;
        level.waiting_seats -= it->width;
        queue.erase(it);
        return;
      }
}

void PriorityLevels::plan_borrowing() {
  i32 lent = 0, lack = 0;
  for (std::size_t i = 1; i < kLevels; ++i) {
    const Level& l = levels_[i];
    lent += std::min(l.lendable, std::max(0, l.nominal - l.peak));
    lack += std::max(0, l.peak - l.nominal);
  }
  for (std::size_t i = 1; i < kLevels; ++i) {
    Level& l = levels_[i];
    const i32 want = std::max(0, l.peak - l.nominal);
    if (want > 0) {
      const i64 part = static_cast<i64>(lent) * want / std::max(1, lack);
      l.limit = l.nominal + std::min(want, static_cast<i32>(part));
    } else {
      // What others borrow is taken from the idle in proportion to what they can lend.
      const i32 idle = std::min(l.lendable, l.nominal - l.peak);
      const i64 given = lent > 0 ? static_cast<i64>(idle) * std::min(lent, lack) / lent : 0;
      l.limit = std::max(1, l.nominal - static_cast<i32>(given));
    }
    l.peak = l.in_use + l.waiting_seats;
  }
}

}  // namespace stampede
