// Rows in numbered slots that are used again, the one given back last first: for what lives a while
// and is named by its slot in events and in other rows.
// Limits: taking a slot may move all rows. A slot's number does not tell its holders apart: who is
// named by events that outlive it keeps a generation in its row, which take_as_left() leaves alone.
#pragma once
#include <limits>
#include <vector>

#include "sim/check.h"
#include "sim/units.h"

namespace stampede {

template <class Row, class Slot = u32, class Rows = std::vector<Row>>
class SlotPool {
 public:
  // A slot whose row is as the last holder left it, or new.
  Slot take_as_left() {
    if (free_.empty()) [[unlikely]]
      return new_slot();
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  // A slot whose row is as Row{} makes it.
  Slot take() {
    if (free_.empty()) [[unlikely]]
      return new_slot();
    const Slot slot = take_as_left();
    rows_[slot] = Row{};
    return slot;
  }
  void give_back(Slot slot) { free_.push_back(slot); }
  void clear() {
    rows_.clear();
    free_.clear();
  }

  Row& operator[](std::size_t slot) { return rows_[slot]; }
  const Row& operator[](std::size_t slot) const { return rows_[slot]; }
  void prefetch(std::size_t slot) const { __builtin_prefetch(rows_.data() + slot, 1); }
  // Every row, free ones included, in order of slots.
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }
  const Row* data() const { return rows_.data(); }
  std::size_t slots() const { return rows_.size(); }
  std::size_t live() const { return rows_.size() - free_.size(); }
  std::size_t bytes() const {
    return rows_.capacity() * sizeof(Row) + free_.capacity() * sizeof(Slot);
  }

 private:
  Slot new_slot() {
    STAMPEDE_CHECK(rows_.size() < std::numeric_limits<Slot>::max(), "a pool has no slots left");
    rows_.emplace_back();
    return static_cast<Slot>(rows_.size() - 1);
  }

  Rows rows_;
  std::vector<Slot> free_;
};

}  // namespace stampede
