// The fluid limit of a loop: requests as a stream, every delay as long as its mean, answered from a
// line by a server that stands still for a while and works again. What stays of it is decided by
// who waited too long, when, and comes again when.
// **Source**: Bronson et al. (HotOS 2021) for the loop and its hidden capacity. Time goes in equal
//   steps; each attempt's wait is known when it comes (what is before it, and how long the server
//   still stands), so that delays need no approximation.
// **Limits**: no chance at all: what comes about by chance is the chain's (loop_chain.h).
#pragma once
#include <functional>
#include <optional>

#include "tools/experiments/loop.h"

namespace stampede {

struct FluidRun {
  bool recovers = false;
  double after = 0;  // s from the end of the standstill until nobody waits too long any more
};

// From an empty line and a server that stands still for `standstill` s, or from a line of `backlog`
// calls for nobody.
FluidRun fluid_run(const Loop& loop, double standstill, double backlog = 0);

// The longest standstill, and the longest line, from which it recovers; absent: from any that was
// tried, up to a thousand patiences. `look` is called before each try, and may throw.
std::optional<double> longest_standstill(
    const Loop& loop, const std::function<void()>& look = [] {});
std::optional<double> longest_backlog(
    const Loop& loop, const std::function<void()>& look = [] {});

}  // namespace stampede
