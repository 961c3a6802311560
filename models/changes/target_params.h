// Where a change acts, as parameters.
#pragma once
#include <optional>
#include <string>

#include "sim/params.h"

namespace stampede {

struct RegionTarget {
  std::string region;
  static void describe(Schema<RegionTarget>& s);
};

// Pods that fit everything that is given.
struct PodTarget {
  std::string region{}, pool{};
  std::optional<u32> node{}, pod{};
  std::optional<Share> share{};
  std::optional<i32> count{};
  static void describe(Schema<PodTarget>& s);
};

// Parameters of what acts on regions and needs to know no more.
struct OnRegions {
  RegionTarget target;
  static void describe(Schema<OnRegions>& s);
};

}  // namespace stampede
