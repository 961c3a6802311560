// Waits of writes over the last ten seconds: their 99th percentile from a coarse logarithmic
// histogram, and the share that waited longer than a limit.
#pragma once
#include <array>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

class WriteWaits {
 public:
  static constexpr std::size_t kSeconds = 10, kBins = 40;

  explicit WriteWaits(Duration limit) : limit_(limit) {}

  // What is counted already was slow by the limit before.
  void retune(Duration limit) { limit_ = limit; }
  void add(Duration wait) {
    Second& s = seconds_[current_];
    ++s.count;
    if (wait > limit_) ++s.slow;
    std::size_t bin = 0;
    for (i64 edge = kFirstEdge; bin + 1 < kBins && wait.ns > edge; edge = edge * 3 / 2) ++bin;
    ++s.bins[bin];
  }
  // Once a second: the oldest second falls out.
  void turn() {
    current_ = (current_ + 1) % kSeconds;
    seconds_[current_] = {};
  }
  // True if more than one in a hundred waited longer than the limit; `open` are writes that wait
  // already that long and have no answer.
  bool slow(i64 open) const {
    i64 count = open, slow = open;
    for (const Second& s : seconds_) {
      count += s.count;
      slow += s.slow;
    }
    return slow * 100 > count;
  }
  // Upper edge of the bin with the 99th percentile; 0 without writes.
  Duration p99() const {
    i64 count = 0;
    for (const Second& s : seconds_) count += s.count;
    i64 left = count / 100, edge = kFirstEdge;
    for (std::size_t bin = 0; bin + 1 < kBins; ++bin) edge = edge * 3 / 2;
    for (std::size_t bin = kBins; bin-- > 0 && count > 0;) {
      for (const Second& s : seconds_) left -= s.bins[bin];
      if (left < 0) return {edge};
      edge = edge * 2 / 3;
    }
    return {};
  }

 private:
  static constexpr i64 kFirstEdge = 100'000;  // [ns]
  struct Second {
    i64 count = 0, slow = 0;
    std::array<i32, kBins> bins{};
  };
  Duration limit_;
  std::size_t current_ = 0;
  std::array<Second, kSeconds> seconds_{};
};

}  // namespace stampede
