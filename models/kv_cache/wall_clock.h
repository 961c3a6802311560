// A region's wall clock as far as it is wrong: an error from the start and what faults add to it,
// each an offset that grows or shrinks with time.
// State: the faults in force; how the error went so far, in pieces that are straight.
// Source: none; arithmetic.
// Limits: a reading that was shown twice, because the clock was set back, is taken for the later.
#pragma once
#include <algorithm>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

class WallClock {
 public:
  // Before the first fault.
  void be_wrong_by(i64 error_ms) { pieces_.assign(1, {INT64_MIN / 4, error_ms, 0}); }

  // What it shows minus what it should [ms].
  i64 error_ms(Instant now) const { return error_at(pieces_.back(), to_ms(now)); }

  // The time [ms], not later than `now`, at which it showed `shown` [ms].
  i64 when_ms(i64 shown, Instant now) const {
    i64 until = to_ms(now);
    for (std::size_t k = pieces_.size(); k-- > 1;) {
      const i64 at = inverse(pieces_[k], shown);
      if (at >= pieces_[k].since_ms && at <= until) return at;
      until = pieces_[k].since_ms;
    }
    return inverse(pieces_.front(), shown);
  }

  // From `now` on it is wrong by `offset_ms` more, and by `drift` [1] of the time that has passed
  // since. Returns what mend() takes.
  u32 skew(Instant now, i64 offset_ms, double drift) {
    faults_.push_back({++last_, to_ms(now), offset_ms, drift});
    turn(now, offset_ms, drift);
    return last_;
  }
  bool well() const { return faults_.empty(); }
  void mend(Instant now, u32 fault) {
    const auto it =
        std::find_if(faults_.begin(), faults_.end(), [&](const Fault& f) { return f.id == fault; });
    if (it == faults_.end()) return;
    const Fault f = *it;
    faults_.erase(it);
    turn(now, -(f.offset_ms + part(f.drift, to_ms(now) - f.since_ms)), -f.drift);
  }

 private:
  struct Piece {
    i64 since_ms, error_ms;  // at its beginning
    double drift;
  };
  struct Fault {
    u32 id;
    i64 since_ms, offset_ms;
    double drift;
  };
  static i64 to_ms(Instant at) { return at.ns / 1'000'000; }
  static i64 part(double drift, i64 ms) {
    return static_cast<i64>(drift * static_cast<double>(ms));
  }
  static i64 error_at(const Piece& p, i64 now_ms) {
    return p.drift == 0 ? p.error_ms : p.error_ms + part(p.drift, now_ms - p.since_ms);
  }
  static i64 inverse(const Piece& p, i64 shown) {
    if (p.drift == 0) return shown - p.error_ms;
    return p.since_ms +
           static_cast<i64>(static_cast<double>(shown - p.error_ms - p.since_ms) / (1 + p.drift));
  }
  // The error jumps by `more_ms`, and its slope by `steeper`.
  void turn(Instant now, i64 more_ms, double steeper) {
    if (faults_.empty())  // as before them all, to the millisecond
      pieces_.push_back({to_ms(now), pieces_.front().error_ms, 0});
    else
      pieces_.push_back({to_ms(now), error_ms(now) + more_ms, pieces_.back().drift + steeper});
  }

  std::vector<Piece> pieces_{{INT64_MIN / 4, 0, 0}};
  std::vector<Fault> faults_;
  u32 last_ = 0;
};

}  // namespace stampede
