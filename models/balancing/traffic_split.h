// How demand is divided over regions or priorities, as pure functions of capacities and health.
// Source: Google serviceLbPolicy (WATERFALL_BY_REGION: fill the nearest to its target, spill the
//   rest), Envoy load balancer priority levels (overprovisioning factor 1.4).
// Limits: steady-state division; queues and sessions are no part of it.
#pragma once
#include <vector>

#include "sim/units.h"

namespace stampede {

using Shares = std::vector<double>;  // [region], sums to 1 or is all 0

// Everything in proportion to `capacity` [region]; all 0 if there is none.
Shares proportional_split(const Shares& capacity);

struct Waterfall {
  Shares demand;                        // [home], any rate
  Shares capacity;                      // [region], the same rate; 0 = not usable
  std::vector<std::vector<u32>> order;  // [home] regions from near to far, complete
  std::vector<char> away;               // [home] 1: its own region is closed to it; empty = none
  double target_utilization = 1;        // of capacity, to which a region is filled
  double spill_cap = 1;                 // of capacity, usable by demand of other homes
};
// [home][region] shares of each home's demand. Homes at the same rank of a region share what is
// left of it in proportion to what they still have to place. What fits nowhere overloads all usable
// regions in proportion to capacity; with a spill cap below 1 it is up to the cap to refuse it.
std::vector<Shares> waterfall_split(const Waterfall& in);

struct HostCount {
  u32 healthy = 0, total = 0;
};
// Envoy's percentage of load by priority level, whole numbers; all 0 if no host is healthy.
std::vector<u32> priority_split(const std::vector<HostCount>& priorities);

}  // namespace stampede
