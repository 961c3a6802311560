// Where on the range of one parameter an outage becomes as likely as not: bisection in which each
// step is a test of its own that goes on until it is sure.
// Source: Waeber, Frazier and Henderson (SIAM J. Control Optim. 51, 2013) for bisection with noisy
//   answers and tests of power one at each point; the interval of a share that holds at any time
//   (evidence.h); the errors of the points add up to at most 1 - confidence (6 / (pi k)^2 of it for
//   the k-th point).
// Limits: the confidence is that of every step together, if the probability of an outage rises or
//   falls throughout the range. Where it is close to one half no test ends: such a point gets
//   `per_point` runs and is left, and the interval shrinks from both sides instead.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "sim/units.h"
#include "tools/experiments/statistics.h"

namespace stampede {

struct TippingPlan {
  std::size_t per_point = 40;  // runs at one point at most
  double within = 0.01;        // of the range: narrow enough
  int jobs = 1;
  double confidence = kConfidence;
};

enum class Side : u8 { kOpen, kBelow, kAbove };  // of one half
struct TestedPoint {
  double at = 0;  // between 0 and 1
  std::size_t runs = 0, outages = 0;
  Interval share{0, 1};  // holds at any time, at this point's own level
  Side side = Side::kOpen;
};

enum class TippingEnd : u8 { kFound, kNoCrossing, kOpenEnd, kTooClose, kBudget };
struct Tipping {
  TippingEnd end = TippingEnd::kBudget;
  Interval between{0, 1};           // coordinates
  bool rises = true;                // the probability of an outage, from 0 to 1
  std::vector<TestedPoint> points;  // in the order of testing
};

// outage(at, n): whether the n-th run (from 0) at a coordinate has an outage; none: time is up.
Tipping find_tipping(const TippingPlan& plan,
                     const std::function<std::optional<bool>(double at, std::size_t n)>& outage);

}  // namespace stampede
