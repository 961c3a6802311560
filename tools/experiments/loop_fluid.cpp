#include "tools/experiments/loop_fluid.h"

#include <algorithm>
#include <cmath>

namespace stampede {
namespace loop_fluid {

constexpr double kStepsAPatience = 400;
constexpr std::size_t kSteps = 4'000'000;  // of one run at most
constexpr double kPatiences = 1000;

// Attempts that come back later, by the step in which they do.
class Returns {
 public:
  explicit Returns(std::size_t longest) : ring_(longest + 2, 0) {}
  double taken(std::size_t step) {
    double& place = ring_[step % ring_.size()];
    const double amount = place;
    place = 0;
    return amount;
  }
  void add(std::size_t step, double amount) { ring_[step % ring_.size()] += amount; }

 private:
  std::vector<double> ring_;
};

class Run {
 public:
  Run(const Loop& loop, double standstill, double backlog)
      : loop_(loop), standstill_(standstill), line_(backlog / loop.capacity()) {
    double shortest = loop.clients[0].patience;
    for (const LoopClients& c : loop.clients) shortest = std::min(shortest, c.patience);
    step_ = shortest / kStepsAPatience;
    for (const LoopClients& c : loop.clients) {
      returns_.emplace_back();
      for (const double delay : c.delays) {
        const double longest = c.patience + delay;
        memory_ = std::max(memory_, longest);
        returns_.back().emplace_back(steps_of(longest));
      }
    }
  }

  FluidRun play() {
    const double settled =  // all that the standstill itself has brought has come back by then
        standstill_ + loop_.attempts_in_failure() * 2 * memory_ + line_;
    double good_since = standstill_;
    for (std::size_t k = 0; k < kSteps; ++k) {
      const double now = static_cast<double>(k) * step_;
      if (now > standstill_ && late_at(now)) good_since = now;
      if (now > good_since + 2 * memory_ + step_ && now > standstill_)
        return {true, good_since - standstill_};
      if (now > settled && grows()) return {false, 0};
      arrive(k, now);
      if (now >= standstill_) line_ = std::max(0.0, line_ - step_);
    }
    return {false, 0};
  }

 private:
  std::size_t steps_of(double seconds) const {
    return static_cast<std::size_t>(std::max(1.0, std::round(seconds / step_)));
  }
  double wait(double now) const { return line_ + std::max(0.0, standstill_ - now); }
  bool late_at(double now) const {
    return std::any_of(loop_.clients.begin(), loop_.clients.end(),
                       [&](const LoopClients& c) { return wait(now) + c.own > c.patience; });
  }
  // Nobody is answered and more comes than goes.
  bool grows() const {
    const bool all_late =
        std::all_of(loop_.clients.begin(), loop_.clients.end(),
                    [&](const LoopClients& c) { return line_ + c.own > c.patience; });
    return all_late && loop_.rate >= loop_.hidden_capacity();
  }
  void arrive(std::size_t k, double now) {
    for (std::size_t c = 0; c < loop_.clients.size(); ++c) {
      const LoopClients& who = loop_.clients[c];
      double amount = loop_.rate * who.share * step_;
      for (std::size_t attempt = 0; attempt <= who.delays.size(); ++attempt) {
        if (attempt > 0) amount = returns_[c][attempt - 1].taken(k);
        if (amount > 0) join(c, attempt, amount, k, now);
      }
    }
  }
  void join(std::size_t c, std::size_t attempt, double amount, std::size_t k, double now) {
    const LoopClients& who = loop_.clients[c];
    const bool full = line_ * loop_.capacity() >= loop_.places;
    const bool late = wait(now) + who.own > who.patience;
    if (!full) line_ += amount * (late ? 1 - who.cancelled : 1) / loop_.capacity();
    if (!(full || late) || attempt >= who.delays.size()) return;
    const double delay = who.delays[attempt];
    if (full && delay <= 0) return;  // all its tries are refused at once
    returns_[c][attempt].add(k + steps_of(delay + (full ? 0 : who.patience)), amount);
  }

  const Loop& loop_;
  const double standstill_;
  double line_;  // s of work
  double step_ = 0, memory_ = 0;
  std::vector<std::vector<Returns>> returns_;  // [class][retry]
};

template <class Recovers>
std::optional<double> longest(double unit, const Recovers& recovers) {
  if (recovers(kPatiences * unit)) return std::nullopt;
  double low = 0, high = unit;
  while (recovers(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1e-3 * high) {
    const double middle = (low + high) / 2;
    (recovers(middle) ? low : high) = middle;
  }
  return low;
}

double longest_patience(const Loop& loop) {
  double patience = 0;
  for (const LoopClients& c : loop.clients) patience = std::max(patience, c.patience);
  return patience;
}

}  // namespace loop_fluid

FluidRun fluid_run(const Loop& loop, double standstill, double backlog) {
  return loop_fluid::Run(loop, standstill, backlog).play();
}

std::optional<double> longest_standstill(const Loop& loop, const std::function<void()>& look) {
  if (loop.rate < loop.hidden_capacity()) return std::nullopt;
  return loop_fluid::longest(loop_fluid::longest_patience(loop), [&](double s) {
    look();
    return fluid_run(loop, s).recovers;
  });
}

std::optional<double> longest_backlog(const Loop& loop, const std::function<void()>& look) {
  if (loop.rate < loop.hidden_capacity()) return std::nullopt;
  return loop_fluid::longest(loop_fluid::longest_patience(loop) * loop.capacity(),
                             [&](double calls) {
                               look();
                               return fluid_run(loop, 0, calls).recovers;
                             });
}

}  // namespace stampede
