// Shared by the benches: the yardstick std::priority_queue of 16-byte entries and cheap numbers.
#pragma once
#include <queue>
#include <vector>

#include "sim/math.h"
#include "sim/random.h"
#include "sim/units.h"

namespace stampede::bench {

struct HeapEntry {  // 16 bytes: time, and a payload index that breaks ties
  u64 time;
  u64 order;
  bool operator>(const HeapEntry& other) const {
    return time != other.time ? time > other.time : order > other.order;
  }
};
using Yardstick = std::priority_queue<HeapEntry, std::vector<HeapEntry>, std::greater<>>;

// Exponential delays of mean one second, tabulated so that the queue is measured and not the log.
class Delays {
 public:
  Delays() {
    for (u64 i = 0; i < kSize; ++i)
      table_.push_back(1 + static_cast<u64>(exponential(uniform(draw({1, 2}, i))) * 1e9));
  }
  u64 next() { return table_[index_++ & (kSize - 1)]; }

 private:
  static constexpr u64 kSize = 1 << 16;
  std::vector<u64> table_;
  u64 index_ = 0;
};

}  // namespace stampede::bench
