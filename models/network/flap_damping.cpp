#include "models/network/flap_damping.h"

#include <algorithm>

#include "sim/math.h"

namespace stampede {

double FlapDamping::penalty(Instant now, const BgpParams& params) const {
  const double half_lives = (now - since_).seconds() / params.damping_half_life.seconds();
  return penalty_ * math::pow(2.0, -half_lives);
}

bool FlapDamping::flap(Flap flap, Instant now, const BgpParams& params) {
  // The cap on suppression is a cap on the penalty: what decays to the reuse limit in that time.
  const double cap = params.damping_reuse * math::pow(2.0, params.damping_max.seconds() /
                                                               params.damping_half_life.seconds());
  penalty_ = std::min(penalty(now, params) + (flap == Flap::kWithdrawn ? 1000 : 500), cap);
  since_ = now;
  if (penalty_ > params.damping_suppress) suppressed_ = true;
  return suppressed_;
}

Instant FlapDamping::reusable_at(const BgpParams& params) const {
  if (penalty_ <= params.damping_reuse) return since_;
  const double half_lives = math::log(penalty_ / params.damping_reuse) / math::log(2.0);
  return since_ + from_seconds(half_lives * params.damping_half_life.seconds());
}

}  // namespace stampede
