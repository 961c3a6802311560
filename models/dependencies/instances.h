// The processes over which a service's servers are spread.
// State of one: running -> starting -(start_time)-> cold -(cold_time)-> running; a round of
// restarts ends some of them, so many at a time at most. Source: rolling updates of Kubernetes
// (maxUnavailable). Limits: all instances have as many servers; a call is at a cold one by their
// share of those that take calls.
#pragma once
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

class Instances {
 public:
  explicit Instances(u32 number) : all_(number) {}

  u32 number() const { return static_cast<u32>(all_.size()); }
  u32 up() const { return number() - down_; }
  double share_up() const { return static_cast<double>(up()) / number(); }
  double share_cold() const { return up() > 0 ? static_cast<double>(cold_) / up() : 0; }

  // Takes the instance that has run longest down; number() if none runs.
  u32 end() {
    u32 oldest = number();
    for (u32 k = 0; k < number(); ++k)
      if (!all_[k].down && (oldest == number() || all_[k].started < all_[oldest].started))
        oldest = k;
    if (oldest == number()) return oldest;
    if (all_[oldest].cold) --cold_;
    all_[oldest].cold = false;
    all_[oldest].down = true;
    ++all_[oldest].ends;
    ++down_;
    return oldest;
  }
  void started(u32 k, Instant now, bool cold) {
    all_[k] = {now, false, cold, all_[k].ends};
    --down_;
    cold_ += cold ? 1 : 0;
  }
  // Its caches are full, unless it has ended again since it had ended so many times.
  void warmed(u32 k, u32 ends) {
    if (!all_[k].cold || all_[k].ends != ends) return;
    all_[k].cold = false;
    --cold_;
  }
  u32 ends(u32 k) const { return all_[k].ends; }

 private:
  struct One {
    Instant started{};
    bool down = false, cold = false;
    u32 ends = 0;
  };
  std::vector<One> all_;
  u32 down_ = 0, cold_ = 0;
};

}  // namespace stampede
