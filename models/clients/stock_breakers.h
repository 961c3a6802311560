// Stock circuit breakers of client libraries, pure: the caller passes the time in.
// State: CLOSED -> OPEN -> HALF_OPEN -> CLOSED or OPEN.
// Source: resilience4j CircuitBreaker (count- and time-based windows, its documented defaults) and
// Hystrix (rolling 10 s, volume 20, 50 %, sleep 5 s, a single probe).
// Limits: resilience4j's maxWaitDurationInHalfOpenState, forced and metrics-only states are left
// out; Hystrix's health snapshot is always fresh.
#pragma once
#include <algorithm>
#include <vector>

#include "models/ports/breaker_state.h"
#include "sim/time.h"

namespace stampede {

struct Resilience4jConfig {
  bool time_based = false;
  u32 window = 100;  // calls, or seconds if time-based
  u32 minimum_calls = 100;
  double failure_threshold = 0.5;  // share, reached or passed
  double slow_threshold = 1.0;
  Duration slow_call = 60_s;  // longer is slow
  Duration wait_open = 60_s;
  u32 permitted_half_open = 10;
};

class Resilience4jBreaker {
 public:
  explicit Resilience4jBreaker(const Resilience4jConfig& c) : c_(c) { reset(c.window); }

  // May a call start? OPEN turns into HALF_OPEN here, lazily.
  bool try_acquire(Instant now) {
    if (state_ == BreakerState::kOpen && now - opened_ >= c_.wait_open) {
      state_ = BreakerState::kHalfOpen;
      permits_ = c_.permitted_half_open;
      reset(c_.permitted_half_open);
    }
    if (state_ == BreakerState::kOpen) return false;
    if (state_ == BreakerState::kClosed) return true;
    if (permits_ == 0) return false;
    --permits_;
    return true;
  }
  // A call ended after `took`.
  void record(Instant now, bool failed, Duration took) {
    if (state_ == BreakerState::kOpen) return;
    const bool half_open = state_ == BreakerState::kHalfOpen;
    push(now, failed, took > c_.slow_call, half_open);
    const u32 needed = half_open        ? c_.permitted_half_open
                       : !c_.time_based ? std::min(c_.minimum_calls, c_.window)
                                        : c_.minimum_calls;
    if (calls_ < needed) return;
    const bool bad =
        failures_ >= c_.failure_threshold * calls_ || slow_ >= c_.slow_threshold * calls_;
    if (bad) {
      state_ = BreakerState::kOpen;
      opened_ = now;
    } else if (half_open) {
      state_ = BreakerState::kClosed;
      reset(c_.window);
    }
  }
  BreakerState state() const { return state_; }
  u32 calls() const { return calls_; }

 private:
  struct Cell {  // a call, or a second of calls
    i64 second = -1;
    u32 calls = 0, failures = 0, slow = 0;
  };
  void reset(u32 cells) {
    cells_.assign(std::max(1u, cells), Cell{});
    next_ = calls_ = failures_ = slow_ = 0;
  }
  void forget(Cell& cell) {
    calls_ -= cell.calls;
    failures_ -= cell.failures;
    slow_ -= cell.slow;
    cell = Cell{};
  }
  void push(Instant now, bool failed, bool slow, bool half_open) {
    Cell* cell = nullptr;
    if (c_.time_based && !half_open) {
      const i64 second = now.ns / 1'000'000'000;
      for (Cell& old : cells_)
        if (old.second >= 0 && old.second <= second - c_.window) forget(old);
      cell = &cells_[static_cast<std::size_t>(second) % cells_.size()];
      if (cell->second != second) forget(*cell);
      cell->second = second;
    } else {
      cell = &cells_[next_];
      next_ = (next_ + 1) % static_cast<u32>(cells_.size());
      forget(*cell);
    }
    ++cell->calls;
    ++calls_;
    cell->failures += failed;
    failures_ += failed;
    cell->slow += slow;
    slow_ += slow;
  }
  Resilience4jConfig c_;
  BreakerState state_ = BreakerState::kClosed;
  Instant opened_{};
  u32 permits_ = 0, next_ = 0, calls_ = 0, failures_ = 0, slow_ = 0;
  std::vector<Cell> cells_;
};

struct HystrixConfig {
  Duration bucket = 1_s;
  u32 buckets = 10;
  u32 request_volume = 20;
  double error_threshold = 0.5;
  Duration sleep_window = 5_s;
};

class HystrixBreaker {
 public:
  explicit HystrixBreaker(const HystrixConfig& c) : c_(c), cells_(c.buckets) {}

  bool allow(Instant now) {
    if (state_ == BreakerState::kClosed) return true;
    if (now - opened_ < c_.sleep_window || state_ == BreakerState::kHalfOpen) return false;
    state_ = BreakerState::kHalfOpen;  // this call is the probe
    return true;
  }
  void record(Instant now, bool failed) {
    if (state_ == BreakerState::kHalfOpen) {
      state_ = failed ? BreakerState::kOpen : BreakerState::kClosed;
      opened_ = now;
      if (!failed) cells_.assign(c_.buckets, Cell{});
      return;
    }
    const i64 bucket = now.ns / c_.bucket.ns;
    Cell& cell = cells_[static_cast<std::size_t>(bucket) % cells_.size()];
    if (cell.bucket != bucket) cell = Cell{bucket, 0, 0};
    ++cell.calls;
    cell.failures += failed;
    if (state_ == BreakerState::kOpen) return;
    u32 calls = 0, failures = 0;
    for (const Cell& x : cells_)
      if (x.bucket >= 0 && x.bucket > bucket - i64{c_.buckets}) {
        calls += x.calls;
        failures += x.failures;
      }
    if (calls < c_.request_volume || failures < c_.error_threshold * calls) return;
    state_ = BreakerState::kOpen;
    opened_ = now;
  }
  BreakerState state() const { return state_; }

 private:
  struct Cell {
    i64 bucket = -1;
    u32 calls = 0, failures = 0;
  };
  HystrixConfig c_;
  BreakerState state_ = BreakerState::kClosed;
  Instant opened_{};
  std::vector<Cell> cells_;
};

}  // namespace stampede
