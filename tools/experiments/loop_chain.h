// A loop as a Markov chain: the line that a call finds, and how many attempts wait to come again.
// Time until it collapses by chance and until it is well again, how often it is what, how fast it
// forgets.
// **Source**: retrial queues as chains on (line, orbit), Artalejo and Gomez-Corral (2008). The line
//   is the time until a server is free for whoever comes next, in parts of a mean departure that
//   pass at an exponential rate: `refinement` parts a departure. A call that finds all servers busy
//   makes it longer by an exponential time, the next departure. Solved by Eigen's sparse LU.
// **Limits**: an attempt that is late comes back after an exponential time with the right mean, and
//   whether it has a try left is drawn as for a request all of whose tries find the same line.
//   More parts of a departure make the wait sharper; the answers of two refinements tell how far
//   that matters. A line without a bound is followed up to a little beyond collapse.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "tools/experiments/loop.h"

namespace stampede {

struct ChainPlan {
  int refinement = 1;            // parts of a mean departure
  std::size_t states = 150'000;  // at most, of the way to collapse
  std::size_t all = 120'000;     // at most, of what needs all states: back, and the long run
};

// Times beyond it [s] are given as this one: 30,000 years, and the digits of the arithmetic end.
inline constexpr double kLongestTime = 1e12;

struct ChainAnswer {
  std::size_t states = 0;
  // Mean time from an empty line until it is half as long again as anybody's patience (or full, if
  // that is shorter), and from there until the line is gone [s]. Absent: no line gets so long;
  // never, or more states than planned.
  std::optional<double> to_collapse, back;
  // Of the stationary distribution; absent: there is none, as the line grows without a bound, or
  // more states than planned.
  struct Stationary {
    double collapsed = 0;      // probability of a line in which most requests that come are late
    double in_time = 0;        // share of attempts that are answered in time
    double calls = 0;          // mean number with the server
    double orbit = 0;          // mean number that wait to come again
    double relaxation = 0;     // s, 1 / spectral gap
    std::vector<double> line;  // [calls waiting] probability
  };
  std::optional<Stationary> stationary;
};

// Absent: more states than planned. `go_on` is asked between the solutions, with what is known by
// then; false: no more is wanted.
std::optional<ChainAnswer> solve_chain(
    const Loop& loop, const ChainPlan& plan,
    const std::function<bool(const ChainAnswer& so_far)>& go_on = [](const ChainAnswer&) {
      return true;
    });

// How many states the way to collapse has, or the whole chain where there is no collapse.
std::size_t chain_states(const Loop& loop, int refinement);

}  // namespace stampede
