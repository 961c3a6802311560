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
    std::size_t bin = 0;
    for (i64 edge = kFirstEdge; bin + 1 < kBins && wait.ns > edge; edge = edge * 3 / 2) ++bin;
    for (Second* s : {&seconds_[current_], &all_}) {
      ++s->count;
      if (wait > limit_) ++s->slow;
      ++s->bins[bin];
    }
  }
  // Once a second: the oldest second falls out.
  void turn() {
    current_ = (current_ + 1) % kSeconds;
    Second& oldest = seconds_[current_];
    if (oldest.count == 0) return;
    all_.count -= oldest.count;
    all_.slow -= oldest.slow;
    for (std::size_t bin = 0; bin < kBins; ++bin) all_.bins[bin] -= oldest.bins[bin];
    oldest = {};
  }
  // True if more than one in a hundred waited longer than the limit; `open` are writes that wait
  // already that long and have no answer.
  bool slow(i64 open) const { return (all_.slow + open) * 100 > all_.count + open; }
  // Upper edge of the bin with the 99th percentile; 0 without writes.
  Duration p99() const {
    if (all_.count == 0) return {};
    i64 left = all_.count / 100, edge = kFirstEdge;
    for (std::size_t bin = 0; bin + 1 < kBins; ++bin) edge = edge * 3 / 2;
    for (std::size_t bin = kBins; bin-- > 0;) {
      left -= all_.bins[bin];
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
  Second all_;  // of them together
};

}  // namespace stampede
