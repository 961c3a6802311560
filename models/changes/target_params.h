// Where a change acts, as parameters.
#pragma once
#include <optional>
#include <string>

#include "sim/params.h"

namespace stampede {

struct RegionTarget {
  std::string region{}, site{};
  static void describe(Schema<RegionTarget>& s);
};

// Pools that fit everything that is given.
struct PoolTarget {
  std::string region{}, site{}, pool{};
  static void describe(Schema<PoolTarget>& s);
};

// Pods that fit everything that is given.
struct PodTarget {
  std::string region{}, site{}, pool{};
  std::optional<u32> zone{}, node{}, pod{};
  std::optional<Share> share{};
  std::optional<i32> count{};
  static void describe(Schema<PodTarget>& s);
};

// Nodes that fit everything that is given.
struct NodeTarget {
  std::string region{}, site{};
  std::optional<u32> zone{}, node{};
  std::optional<Share> share{};
  std::optional<i32> count{};
  static void describe(Schema<NodeTarget>& s);
};

// Parameters of what acts on regions and needs to know no more.
struct OnRegions {
  RegionTarget target;
  static void describe(Schema<OnRegions>& s);
};

}  // namespace stampede
