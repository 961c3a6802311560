// The work of a flush: parcels of objects pass scrub, delete, re-index and session reset in batches
// limited by each resource. Pure: no events, no time of its own.
// State: per stage the work let in and the work done; a parcel is finished when every stage passed
// it. Source: 3FS garbage collection and Mooncake's single master as rates. Limits: a stage serves
// its queue in order; no formula for the duration.
#pragma once
#include <algorithm>
#include <array>
#include <deque>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

struct FlushWork {
  i64 bytes = 0, objects = 0, sessions = 0;
};

struct FlushRates {  // per second, before the shares are taken off
  double bytes = 1, deletes = 1, index = 1, sessions = 1;
  double foreground = 0;  // share kept for other traffic
  double leased = 0;      // share of metadata operations refused by a lease and retried
  bool serial = false;
};

class FlushQueue {
 public:
  explicit FlushQueue(const FlushRates& r) : serial_(r.serial) { retune(r); }
  // What is still to be done is done at these rates; the order of the stages stays.
  void retune(const FlushRates& r) {
    rate_ = {r.bytes * (1 - r.foreground), r.deletes * (1 - r.foreground) * (1 - r.leased),
             r.index * (1 - r.foreground) * (1 - r.leased), r.sessions * (1 - r.foreground)};
  }

  void push(const FlushWork& w) {
    const std::array<i64, 4> need{w.bytes, w.objects, w.objects, w.sessions};
    for (std::size_t k = 0; k < 4; ++k) in_[k] += need[k];
    parcels_.push_back({in_, w});
  }
  // Whether the stage that admits objects would run dry within `dt`.
  bool hungry(Duration dt) const {
    const std::size_t k = serial_ ? 0 : 1;
    return static_cast<double>(in_[k]) - done_[k] < rate_[k] * dt.seconds();
  }
  // Works for `dt`; `fed` says that nothing more will be pushed, which lets serial stages move on.
  // Returns the parcels finished.
  FlushWork step(Duration dt, bool fed) {
    double left = dt.seconds();
    for (std::size_t k = 0; k < 4; ++k) {
      const double need = static_cast<double>(in_[k]) - done_[k];
      const double spent = std::min(left, need / rate_[k]);
      done_[k] = spent < left || need <= rate_[k] * left ? static_cast<double>(in_[k])
                                                         : done_[k] + rate_[k] * left;
      if (!serial_) continue;
      left -= spent;
      if (!fed || done_[k] < static_cast<double>(in_[k])) break;
    }
    FlushWork out;
    while (!parcels_.empty() && finished(parcels_.front())) {
      out.bytes += parcels_.front().work.bytes;
      out.objects += parcels_.front().work.objects;
      out.sessions += parcels_.front().work.sessions;
      parcels_.pop_front();
    }
    return out;
  }
  bool empty() const { return parcels_.empty(); }

 private:
  struct Parcel {
    std::array<i64, 4> until;  // cumulative work of each stage at its end
    FlushWork work;
  };
  bool finished(const Parcel& p) const {
    for (std::size_t k = 0; k < 4; ++k)
      if (done_[k] < static_cast<double>(p.until[k])) return false;
    return true;
  }
  std::array<double, 4> rate_{};
  bool serial_;
  std::array<i64, 4> in_{};
  std::array<double, 4> done_{};
  std::deque<Parcel> parcels_;
};

}  // namespace stampede
