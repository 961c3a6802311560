// A token bucket without events: who takes a token, and the spam filter of event recorders.
// Source: the generic cell rate form of client-go's flowcontrol bucket.
#pragma once
#include "sim/time.h"
#include "sim/units.h"

namespace stampede::cluster {

// Holds up to `burst` tokens; one comes back every `interval` (0: never empty).
class TokenBucket {
 public:
  TokenBucket() = default;
  TokenBucket(Duration interval, i32 burst) : interval_(interval), burst_(burst) {}
  void retune(Duration interval, i32 burst) {
    interval_ = interval;
    burst_ = burst;
  }
  // Takes a token if there is one.
  bool try_take(Instant now) {
    if (interval_.ns == 0) return true;
    if (next_ - interval_ * (burst_ - 1) > now) return false;
    next_ = (next_ > now ? next_ : now) + interval_;
    return true;
  }

 private:
  Duration interval_{};
  i32 burst_ = 1;
  Instant next_{};  // when the bucket would be full, less one interval
};

}  // namespace stampede::cluster
