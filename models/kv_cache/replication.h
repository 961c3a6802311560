// Replication links between regions: when has a manifest written there arrived here. Evaluated when
// a session is touched, so that a write costs no event.
// State: per pair UP -> DOWN (queueing, then overflowed) -> UP with a catch-up delay.
// Source: asynchronous replication with anti-entropy (Dynamo 2007); lag and interval assumed.
// Limits: a link that flaps within a lag counts by its last change only.
#pragma once
#include <algorithm>
#include <vector>

#include "models/ports/network_port.h"

namespace stampede {

struct ReplicationLink {
  bool up = true;
  Instant changed{INT64_MIN / 4};      // of `up`
  Instant down_at{INT64_MIN / 4};      // start of the last outage
  Duration catch_up{};                 // added to what was queued when the link came up again
  u64 pending = 0;                     // writes queued since it went down
  IncidentId cause = kNoIncident;      // of the network path's loss
  IncidentId partition = kNoIncident;  // the last kv_partitioned of this pair
  bool reported = false;               // in this outage
};

class Replication {
 public:
  explicit Replication(u32 regions) : n_(regions), links_(std::size_t{regions} * regions) {}

  ReplicationLink& link(RegionId a, RegionId b) {
    return links_[std::size_t{std::min(a, b)} * n_ + std::max(a, b)];
  }
  bool up(RegionId a, RegionId b) { return a == b || link(a, b).up; }
  bool any_down() const { return down_ > 0; }

  // Samples the network: both directions must work. Returns true if any link came up.
  bool refresh(const NetworkPort& network, Instant now, Duration lag, Duration anti_entropy,
               u64 buffer) {
    bool healed = false;
    for (u32 a = 0; a + 1 < n_; ++a)
      for (u32 b = a + 1; b < n_; ++b) {
        const auto ra = static_cast<RegionId>(a), rb = static_cast<RegionId>(b);
        const PathState &there = network.between(ra, rb), &back = network.between(rb, ra);
        const bool works = there.reach == Reach::kReachable && back.reach == Reach::kReachable;
        ReplicationLink& l = link(ra, rb);
        if (works == l.up) continue;
        l.up = works;
        l.changed = now;
        if (works) {
          l.catch_up = l.pending > buffer ? anti_entropy : lag;
          healed = true;
          --down_;
        } else {
          l.down_at = now;
          l.cause = there.reach != Reach::kReachable ? there.cause : back.cause;
          l.pending = 0;
          l.reported = false;
          ++down_;
        }
      }
    return healed;
  }

  // Whether the last outage of the pair covers `at`, and because of what.
  IncidentId outage_cause(RegionId a, RegionId b, Instant at) {
    if (a == b) return kNoIncident;
    const ReplicationLink& l = link(a, b);
    if (at < l.down_at || (l.up && at > l.changed)) return kNoIncident;
    return l.reported ? l.partition : l.cause;
  }

  // When does what is ready at `ready` in `a` reach `b` through the session's home; INT64_MAX/2 if
  // it is still waiting.
  Instant delivered(RegionId a, RegionId b, RegionId home, Instant ready) {
    if (a == home || b == home) return hop(a, b, ready);
    const Instant at_home = hop(a, home, ready);
    return at_home.ns == kNever ? at_home : hop(home, b, at_home);
  }
  static constexpr i64 kNever = INT64_MAX / 2;

 private:
  Instant hop(RegionId a, RegionId b, Instant ready) {
    const ReplicationLink& l = link(a, b);
    if (!l.up) return ready < l.changed ? ready : Instant{kNever};
    return ready >= l.changed ? ready : std::max(ready, l.changed + l.catch_up);
  }
  u32 n_;
  u32 down_ = 0;
  std::vector<ReplicationLink> links_;
};

}  // namespace stampede
