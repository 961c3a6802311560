// Connections to a shared session and authentication store: C at once, held for a constant time,
// first come first served, given up after a time-out.
// Source: HikariCP (pool size, connection time-out); a database's own limit caps the sum of pools.
// Limits: hold times are constant, so that the n-th start is max(arrival, start of n-C plus hold) and
// needs no event.
#pragma once
#include <algorithm>
#include <vector>

#include "sim/params.h"

namespace stampede {

struct ConnectionPoolParams {
  i64 pool_size = 100;
  i64 pools = 2;
  i64 database_limit = 150;
  Duration hold = 10_ms;
  Duration wait_timeout = 30_s;
  static void describe(Schema<ConnectionPoolParams>& s);
};

class ConnectionPool {
 public:
  explicit ConnectionPool(const ConnectionPoolParams& p)
      : free_at_(static_cast<std::size_t>(
            std::max<i64>(1, std::min(p.pool_size * p.pools, p.database_limit)))),
        hold_(p.hold),
        timeout_(p.wait_timeout) {}

  // Takes a connection; returns the wait for it, or a negative duration if it timed out.
  Duration acquire(Instant now) {
    Instant& slot = free_at_[next_];
    const Instant start = std::max(now, slot);
    const Duration wait = start - now;
    if (wait > timeout_) return Duration{-1};
    slot = start + hold_;
    if (++next_ == free_at_.size()) next_ = 0;
    return wait;
  }

 private:
  std::vector<Instant> free_at_;  // ring in order of start: with a constant hold also of release
  std::size_t next_ = 0;
  Duration hold_, timeout_;
};

}  // namespace stampede
