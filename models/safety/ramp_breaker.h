// The operators' breaker, pure: opens on the share of bad verdicts in a sliding window, reopens in
// steps.
// State: CLOSED -> OPEN (tripped) -> HALF_OPEN at step k (ramp) -> CLOSED at 100 %; a bad share in
// HALF_OPEN -> OPEN.
// Source: stepwise reopening as practised by Slack (2022-02-22) and Roblox (2021-10-28).
// Limits: the window moves by whole seconds.
#pragma once
#include <algorithm>
#include <vector>

#include "models/ports/breaker_state.h"
#include "sim/time.h"

namespace stampede {

// Verdicts of the last `seconds` seconds.
class VerdictWindow {
 public:
  explicit VerdictWindow(u32 seconds) : cells_(seconds) {}
  void add(Instant now, bool bad, bool true_bad) {
    advance(now);
    Cell& cell = cells_[static_cast<std::size_t>(now_) % cells_.size()];
    ++cell.all;
    ++all_;
    cell.bad += bad;
    bad_ += bad;
    cell.true_bad += true_bad;
    true_bad_ += true_bad;
  }
  void advance(Instant now) {
    const i64 second = now.ns / 1'000'000'000;
    const i64 steps = std::min<i64>(second - now_, static_cast<i64>(cells_.size()));
    for (i64 k = 1; k <= steps; ++k) {
      Cell& cell = cells_[static_cast<std::size_t>(second - steps + k) % cells_.size()];
      all_ -= cell.all;
      bad_ -= cell.bad;
      true_bad_ -= cell.true_bad;
      cell = Cell{};
    }
    now_ = std::max(now_, second);
  }
  // Of another length: verdicts that it still holds stay.
  void retune(u32 seconds) {
    std::vector<Cell> before(seconds);
    before.swap(cells_);
    all_ = bad_ = true_bad_ = 0;
    const i64 kept = std::min<i64>({i64{seconds}, static_cast<i64>(before.size()), now_ + 1});
    for (i64 second = now_ - kept + 1; second <= now_; ++second) {
      const Cell cell = before[static_cast<std::size_t>(second) % before.size()];
      cells_[static_cast<std::size_t>(second) % cells_.size()] = cell;
      all_ += cell.all;
      bad_ += cell.bad;
      true_bad_ += cell.true_bad;
    }
  }
  void clear() {
    cells_.assign(cells_.size(), Cell{});
    all_ = bad_ = true_bad_ = 0;
  }
  u32 all() const { return all_; }
  u32 bad() const { return bad_; }
  u32 true_bad() const { return true_bad_; }
  bool above(double share, u32 minimum) const { return all_ >= minimum && bad_ > share * all_; }

 private:
  struct Cell {
    u32 all = 0, bad = 0, true_bad = 0;
  };
  std::vector<Cell> cells_;
  i64 now_ = 0;
  u32 all_ = 0, bad_ = 0, true_bad_ = 0;
};

class RampBreaker {
 public:
  explicit RampBreaker(std::vector<double> steps) : steps_(std::move(steps)) {}

  // Other steps, at least one: a ramp goes on where it stands.
  void retune(std::vector<double> steps) {
    steps_ = std::move(steps);
    step_ = std::min(step_, static_cast<u32>(steps_.size()) - 1);
  }
  BreakerState state() const { return state_; }
  // Share of sessions admitted.
  double share() const {
    if (state_ == BreakerState::kClosed) return 1;
    return state_ == BreakerState::kOpen || steps_.empty() ? 0 : steps_[step_];
  }
  // `u` in (0,1) is the session's place: who passes at one step passes at every later one.
  bool admits(double u) const { return u < share(); }
  u32 step() const { return step_; }

  // True if it was not open before.
  bool trip() {
    if (state_ == BreakerState::kOpen) return false;
    state_ = BreakerState::kOpen;
    return true;
  }
  // True if a ramp began: only an open breaker ramps.
  bool begin_ramp() {
    if (state_ != BreakerState::kOpen) return false;
    state_ = BreakerState::kHalfOpen;
    step_ = 0;
    close_if_full();
    return true;
  }
  // Half open: how many times as many sessions the next step admits.
  double growth() const {
    const double next = step_ + 1 < steps_.size() ? steps_[step_ + 1] : 1;
    return steps_[step_] > 0 ? next / steps_[step_] : 1;
  }
  // The step's hold is over: on when the service bears it, back when it is overloaded.
  enum class Moved : u8 { kOn, kHeld, kBack, kClosed };
  Moved advance(double load, double limit, double back_limit) {
    if (state_ != BreakerState::kHalfOpen) return Moved::kHeld;
    if (load < limit) {
      ++step_;
      return close_if_full() ? Moved::kClosed : Moved::kOn;
    }
    if (load < back_limit || step_ == 0) return Moved::kHeld;
    --step_;
    return Moved::kBack;
  }

 private:
  bool close_if_full() {
    if (step_ < steps_.size() && steps_[step_] < 1) return false;
    state_ = BreakerState::kClosed;
    step_ = 0;
    return true;
  }
  std::vector<double> steps_;
  BreakerState state_ = BreakerState::kClosed;
  u32 step_ = 0;
};

}  // namespace stampede
