// What the balancer does when it gets other parameters while it runs.
#include "models/balancing/global_balancer.h"

namespace stampede {

// Decisions are made anew by what holds now; answers that are out are kept as long as they were to
// be, and a view that is fresh expires when it would have, unless it is confirmed.
void GlobalBalancer::retuned(const LiveChange& change) {
  const std::string_view key = change.path.substr(change.path.find('.') + 1);
  tuned_.note(change.path, change.cause, world_.now());
  if (key.starts_with("ttl")) answers_.retune(world_.now(), answers_kept());
  for (Region& r : regions_) r.probe.retune({params_.rise, params_.fall, params_.slow_start});
  if (key == "max_rate_per_endpoint") rate_changed();
  if (world_.now() == Instant{}) {
    first_probes();
  } else if (key == "rule" && !world_.scheduler.pending(measure_)) {
    for (Home& h : homes_) h.offered_before = h.offered;
    measured_at_ = world_.now();
    await_measure();
  }
  if (key == "view_ttl" && params_.view_ttl.ns == 0)
    for (u32 index = 0; index < regions_.size(); ++index) {
      regions_[index].expired = false;
      await_expiry(static_cast<RegionId>(index));
    }
  rebuild();
}

void GlobalBalancer::rate_changed() {
  if (!params_.max_rate_per_endpoint) return;
  const double before = rate_factor_;
  rate_factor_ = params_.max_rate_per_endpoint->per_second / endpoint_rate_;
  for (Region& r : regions_) {
    r.capacity *= rate_factor_ / before;
    r.full *= rate_factor_ / before;
  }
}

}  // namespace stampede
