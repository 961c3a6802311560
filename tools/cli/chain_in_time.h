// A chain that is solved within a wall time. One factorization can take longer than what is left
// and cannot be stopped from within: it runs on a thread of its own that is left behind when the
// time is over, and ends with the program.
#pragma once
#include <functional>
#include <optional>

#include "tools/experiments/loop_chain.h"

namespace stampede {

// What is known when the chain is solved or `go_on` first returns false (asked every hundredth of a
// second): all of it, its first parts, or nothing.
std::optional<ChainAnswer> solve_in_time(const Loop& loop, const ChainPlan& plan,
                                         const std::function<bool()>& go_on);

}  // namespace stampede
