// How far a comparison is, on stderr, and what time its runs take.
#pragma once
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>

#include "tools/cli/budget.h"
#include "tools/cli/commands.h"

namespace stampede {

// Runs done and how long the rest will take: a line that is written over on a terminal, a line a
// minute otherwise. Called by all threads.
class CompareProgress {
 public:
  // `least`: runs that there will be in any case.
  CompareProgress(std::size_t least, const Budget& budget, bool quiet)
      : least_(least), budget_(budget), quiet_(quiet), terminal_(::isatty(2)) {}
  ~CompareProgress() {
    if (drawn_) draw("\r\033[K");
  }
  void finished(bool reused) {
    const std::lock_guard lock(mutex_);
    (reused ? reused_ : played_) += 1;
    if (quiet_) return;
    const auto now = Clock::now();
    if (!terminal_ && now - shown_ < std::chrono::minutes(1)) return;
    shown_ = now;
    const std::size_t of = std::max(least_, done());
    const double wall = std::chrono::duration<double>(now - begun_).count();
    std::string text = budget_.limited() ? fmt::format("{} runs", done())
                                         : fmt::format("{} of {} runs", done(), of);
    if (reused_ > 0) text += fmt::format(", {} of them kept from before", reused_);
    if (budget_.limited())
      text += fmt::format(", {:.0f} s of the budget left", std::max(0.0, budget_.left()));
    else if (played_ > 0 && done() < of)
      text += fmt::format(", about {:.0f} s left",
                          wall / static_cast<double>(played_) * static_cast<double>(of - done()));
    if (terminal_)
      draw("\r" + text + "\033[K");
    else
      narrate(text + "\n");
    drawn_ = terminal_;
  }
  // Of no use while runs are under way.
  std::size_t done() const { return played_ + reused_; }
  // How far a run has come, as a share of its length.
  void reached(double share) {
    const std::lock_guard lock(mutex_);
    furthest_ = std::max(furthest_, share);
  }
  // Wall time of so many runs, `jobs` at a time [s], by what was played; 0: nothing is known.
  double needed(std::size_t runs, int jobs) const {
    return budget_.needed(runs, jobs, played_, furthest_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  const std::size_t least_;
  const Budget& budget_;
  const bool quiet_, terminal_;
  bool drawn_ = false;
  std::mutex mutex_;
  std::size_t played_ = 0, reused_ = 0;
  double furthest_ = 0;
  const Clock::time_point begun_ = Clock::now();
  Clock::time_point shown_ = begun_;
};

}  // namespace stampede
