// Etcd's time-outs: every write that has no answer after its time gets one here.
#include "models/control_plane/etcd.h"

namespace stampede {

void Etcd::give_up(u32 slot, EtcdStatus status) {
  const bool lost = requests_[slot].where == Where::kLost;
  answer(slot, status);
  if (!lost) return;
  settle_fate(slot);
  free_request(slot);
}

void Etcd::check_timeouts() {
  while (!by_start_.empty()) {
    const auto [slot, generation] = by_start_.front();
    const Request& r = requests_[slot];
    const bool open =
        r.generation == generation && (r.where == Where::kAccepted || r.where == Where::kLost);
    if (open && r.until > world_.now()) {
      // A write submitted by one that was just told may have scheduled a later check.
      world_.scheduler.cancel(timeout_event_);
      timeout_event_ = world_.scheduler.at(r.until, Priority::kTimeout, component_, kTimeoutCheck);
      return;
    }
    by_start_.pop_front();
    if (open) give_up(slot, EtcdStatus::kTimeout);
  }
}

Instant Etcd::oldest_start() {
  while (!by_start_.empty()) {
    const auto [slot, generation] = by_start_.front();
    const Request& r = requests_[slot];
    if (r.generation == generation && (r.where == Where::kAccepted || r.where == Where::kLost))
      return r.start;
    by_start_.pop_front();
  }
  return kNever;
}

i64 Etcd::outstanding_since(Instant limit) const {
  i64 n = 0;
  for (const auto& [slot, generation] : by_start_) {
    const Request& r = requests_[slot];
    if (r.start > limit) break;
    n += r.generation == generation && (r.where == Where::kAccepted || r.where == Where::kLost);
  }
  return n;
}

}  // namespace stampede
