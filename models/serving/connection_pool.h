// Connections to a shared session and authentication store: C at once, first come first served,
// given up after a time-out. Held for a constant short time, or, where the gateway logs in and then
// streams the answer inside the same transaction, until the answer has ended.
// State of an attempt in HeldConnections: none -> (waiting ->) granted -> holding -> none.
// Source: HikariCP (pool size, connection time-out); a database's own limit caps the sum of pools.
// Limits: short holds are constant, so that the n-th start is max(arrival, start of n-C plus hold)
// and only a wait needs an event; who leaves meanwhile keeps its turn, and all pools are one.
#pragma once
#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "models/ports/request.h"
#include "models/serving/connection_pool_params.h"
#include "sim/random.h"

namespace stampede {

class ConnectionPool {
 public:
  explicit ConnectionPool(const ConnectionPoolParams& p)
      : free_at_(connections(p)), hold_(p.hold), timeout_(p.wait_timeout) {}

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
  // New connections are free at once; of too many those close that are free first. Turns that were
  // given stay.
  void retune(const ConnectionPoolParams& p) {
    hold_ = p.hold;
    timeout_ = p.wait_timeout;
    std::rotate(free_at_.begin(), free_at_.begin() + static_cast<std::ptrdiff_t>(next_),
                free_at_.end());
    next_ = 0;
    const std::size_t wanted = connections(p);
    if (wanted > free_at_.size())
      free_at_.insert(free_at_.begin(), wanted - free_at_.size(), Instant{});
    else
      free_at_.erase(free_at_.begin(),
                     free_at_.begin() + static_cast<std::ptrdiff_t>(free_at_.size() - wanted));
  }

 private:
  static std::size_t connections(const ConnectionPoolParams& p) {
    return static_cast<std::size_t>(
        std::max<i64>(1, std::min(p.pool_size * p.pools, p.database_limit)));
  }
  std::vector<Instant> free_at_;  // ring in order of start: with a constant hold also of release
  std::size_t next_ = 0;
  Duration hold_, timeout_;
};

// Who waits for the turn that ConnectionPool has given: the ticket tells the users of one slot
// apart.
class LoginTurns {
 public:
  u32 wait(AttemptSlot slot) {
    if (slot >= tickets_.size()) tickets_.resize(slot + 1, 0);
    if (++last_ == 0) ++last_;
    return tickets_[slot] = last_;
  }
  bool waits(AttemptSlot slot) const { return slot < tickets_.size() && tickets_[slot] != 0; }
  // Its turn has come, or it leaves; false if it is gone already.
  bool end(AttemptSlot slot, u32 ticket) {
    if (!waits(slot) || tickets_[slot] != ticket) return false;
    tickets_[slot] = 0;
    return true;
  }
  bool leave(AttemptSlot slot) { return waits(slot) && end(slot, tickets_[slot]); }

 private:
  std::vector<u32> tickets_;  // [attempt] 0: does not wait
  u32 last_ = 0;
};

// One pool a gateway replica, each with its share of the database's limit; a session always logs in
// at the same replica. Pure: who waits and who holds; time-outs and events are the caller's.
class HeldConnections {
 public:
  explicit HeldConnections(const ConnectionPoolParams& p) {
    for (i64 k = 0; k < p.pools; ++k) pools_.emplace_back().free = size(p, k);
    for (i64 k = 0; k < p.pools; ++k) sizes_.push_back(size(p, k));
  }

  // Pools of another size. What is held stays held, so that a smaller pool may have less than none
  // free for a while. Returns those in line that are granted a connection now.
  std::vector<AttemptSlot> retune(const ConnectionPoolParams& p) {
    std::vector<AttemptSlot> granted;
    for (std::size_t k = 0; k < pools_.size(); ++k) {
      const i64 wanted = size(p, static_cast<i64>(k));
      pools_[k].free += wanted - std::exchange(sizes_[k], wanted);
      while (pools_[k].free > 0) {
        const AttemptSlot next = next_in(pools_[k]);
        if (next == kNoSlot) break;
        --pools_[k].free;
        granted.push_back(next);
      }
    }
    return granted;
  }

  // The attempt logs in: true if it holds a connection now, false if it stands in line.
  bool take(AttemptSlot slot, u64 session_key, Instant now) {
    if (slot >= leases_.size()) leases_.resize(slot + 1);
    Lease& lease = leases_[slot];
    lease.pool = static_cast<u32>(mix64(session_key) % pools_.size());
    lease.since = now;
    ++lease.ticket;
    Pool& pool = pools_[lease.pool];
    if (pool.free > 0) {
      --pool.free;
      lease.state = State::kHolding;
      return true;
    }
    lease.state = State::kWaiting;
    pool.line.push_back({slot, lease.ticket});
    ++waiting_;
    return false;
  }
  // The attempt is over, whatever it had. Returns the next in line, which is granted its
  // connection, or kNoSlot.
  AttemptSlot give_back(AttemptSlot slot) {
    if (slot >= leases_.size() || leases_[slot].state == State::kNone) return kNoSlot;
    Lease& lease = leases_[slot];
    const bool held = lease.state != State::kWaiting;
    lease.state = State::kNone;
    if (!held) {
      --waiting_;
      return kNoSlot;
    }
    Pool& pool = pools_[lease.pool];
    const AttemptSlot next = pool.free < 0 ? kNoSlot : next_in(pool);
    if (next == kNoSlot) ++pool.free;
    return next;
  }
  // A granted connection is taken up; false if its attempt is gone. The wait is then `waited`.
  bool take_up(AttemptSlot slot, u32 ticket) {
    Lease& lease = leases_[slot];
    if (lease.ticket != ticket || lease.state != State::kGranted) return false;
    lease.state = State::kHolding;
    return true;
  }
  bool waits(AttemptSlot slot, u32 ticket) const {
    return leases_[slot].ticket == ticket && leases_[slot].state == State::kWaiting;
  }
  // Has it not come past the log-in yet?
  bool logging_in(AttemptSlot slot) const {
    return slot < leases_.size() &&
           (leases_[slot].state == State::kWaiting || leases_[slot].state == State::kGranted);
  }
  u32 ticket(AttemptSlot slot) const { return leases_[slot].ticket; }
  Duration waited(AttemptSlot slot, Instant now) const { return now - leases_[slot].since; }
  u64 waiting() const { return waiting_; }
  i64 free(std::size_t pool) const { return pools_[pool].free; }

 private:
  enum class State : u8 { kNone, kWaiting, kGranted, kHolding };
  struct Lease {
    Instant since{};  // of the log-in
    u32 ticket = 0;   // tells the users of one slot apart
    u32 pool = 0;
    State state = State::kNone;
  };
  struct Place {
    AttemptSlot slot;
    u32 ticket;
  };
  struct Pool {
    i64 free = 0;
    std::deque<Place> line;  // those who left stay until they come to its head
  };
  static i64 size(const ConnectionPoolParams& p, i64 k) {  // of the k-th pool
    const i64 share = p.database_limit / p.pools + (k < p.database_limit % p.pools ? 1 : 0);
    return std::max<i64>(1, std::min(p.pool_size, share));
  }
  AttemptSlot next_in(Pool& pool) {
    while (!pool.line.empty()) {
      const Place place = pool.line.front();
      pool.line.pop_front();
      if (!waits(place.slot, place.ticket)) continue;  // it has left the line
      --waiting_;
      leases_[place.slot].state = State::kGranted;
      return place.slot;
    }
    return kNoSlot;
  }
  std::vector<Pool> pools_;
  std::vector<i64> sizes_;     // [pool]
  std::vector<Lease> leases_;  // [attempt]
  u64 waiting_ = 0;
};

}  // namespace stampede
