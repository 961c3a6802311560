// The pace at which one pod's engine gets on: slower than the world by a factor, or not at all.
// An engine that is slow or hung knows nothing of it: it lives in a time of its own, in which each
// step takes what it always takes, and this clock translates.
// State: a line of engine time over world time, which changes its slope with `set_pace`.
#pragma once
#include "sim/check.h"
#include "sim/time.h"

namespace stampede {

class PodClock {
 public:
  explicit PodClock(Instant now) : world_(now), engine_(now) {}

  // Engine time at `now`, rounded down.
  Instant of(Instant now) const {
    if (factor_ == 0) return engine_;
    return engine_ + Duration{static_cast<i64>(static_cast<double>((now - world_).ns) / factor_)};
  }
  // When engine time is first `at` or later; kNever if it stands still before. What lies before the
  // last change of pace was due by then.
  Instant when(Instant at) const {
    if (at == kNever) return kNever;
    if (at <= engine_) return world_;
    if (factor_ == 0) return kNever;
    Instant w =
        world_ + Duration{static_cast<i64>(static_cast<double>((at - engine_).ns) * factor_)};
    while (of(w) < at) w = w + 1_ns;
    while (of(w - 1_ns) >= at) w = w - 1_ns;
    return w;
  }
  // From now on a second of the engine takes `factor` seconds of the world; 0: it stands still.
  // `busy`: the engine's time in steps so far. Not before everything due by now was told.
  void set_pace(Instant now, double factor, Duration busy) {
    STAMPEDE_CHECK(factor == 0 || factor >= 1, "an engine cannot be faster than it is");
    longer_ = longer(busy);
    busy_before_ = busy;
    engine_ = of(now);
    world_ = now;
    factor_ = factor;
  }
  // What the engine's steps took beyond their time while it was slow. One that hangs is not busy.
  Duration longer(Duration busy) const {
    if (factor_ == 0) return longer_;
    const double slower = static_cast<double>((busy - busy_before_).ns) * (factor_ - 1);
    return longer_ + Duration{static_cast<i64>(slower)};
  }

 private:
  Instant world_, engine_;
  double factor_ = 1;
  Duration busy_before_{}, longer_{};
};

}  // namespace stampede
