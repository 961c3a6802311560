// Which pods a target means: names and numbers narrow it down, shares and counts are nested.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "models/changes/targets.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_targets {

using Found = std::set<std::pair<int, PodId>>;

// Two regions with a hundred pods each, ten to a node, the first sixty of pool 0.
struct Field {
  HandScene hand;
  Scene scene;
  Field() {
    for (HandPods& region : hand.pods) {
      region.places.clear();
      for (u32 k = 0; k < 100; ++k)
        region.places.push_back({k, static_cast<WorkloadId>(k < 60 ? 0 : 1), k / 10});
    }
    scene = hand.scene();
  }
  Found nodes(const NodeTarget& target) const {
    Found found;
    for (const auto& [region, nodes] : nodes_in(scene, target))
      for (const u32 node : nodes) found.emplace(region, node);
    return found;
  }
  Found pods(const PodTarget& target) const {
    Found found;
    for (const auto& [region, pods] : pods_in(scene, target))
      for (const PodId pod : pods) found.emplace(region, pod);
    return found;
  }
};

TEST(targets, names_and_numbers_narrow_down) {
  const Field f;
  EXPECT_EQ(f.pods({}).size(), 200U);
  EXPECT_EQ(f.pods({.region = "b"}).size(), 100U);
  EXPECT_EQ(f.pods({.region = "b", .pool = "decode"}).size(), 40U);
  EXPECT_EQ(f.pods({.region = "a", .node = 3}).size(), 10U);
  EXPECT_EQ(f.pods({.region = "a", .pool = "decode", .node = 3}).size(), 0U);
  EXPECT_EQ(f.pods({.region = "a", .pod = 42}), (Found{{0, 42}}));
  EXPECT_EQ(f.pods({.region = "a", .zone = 1}).size(), 50U);
  EXPECT_EQ(f.pods({.region = "a", .zone = 1, .node = 2}).size(), 0U);
  EXPECT_EQ(f.nodes({}).size(), 20U);
  EXPECT_EQ(f.nodes({.region = "b", .zone = 0}).size(), 5U);
  EXPECT_EQ(f.nodes({.region = "b", .node = 7}), (Found{{1, 7}}));
}

TEST(targets, of_nodes_a_smaller_share_or_count_lies_within_a_larger_one) {
  const Field f;
  const Found few = f.nodes({.share = Share{0.3}}), many = f.nodes({.share = Share{0.7}});
  EXPECT_EQ(few.size(), 6U);
  EXPECT_EQ(many.size(), 14U);
  EXPECT_TRUE(std::includes(many.begin(), many.end(), few.begin(), few.end()));
  EXPECT_EQ(f.nodes({.count = 3}).size(), 3U);
}

TEST(targets, a_smaller_share_or_count_lies_within_a_larger_one) {
  const Field f;
  for (const auto& [less, more] : {std::pair{0.1, 0.2}, {0.2, 0.9}, {0.9, 1.0}, {0.0, 0.1}}) {
    const Found few = f.pods({.share = Share{less}}), many = f.pods({.share = Share{more}});
    EXPECT_EQ(few.size(), static_cast<std::size_t>(200 * less + 0.5));
    EXPECT_TRUE(std::includes(many.begin(), many.end(), few.begin(), few.end())) << less;
  }
  const Found seven = f.pods({.count = 7}), twelve = f.pods({.count = 12});
  EXPECT_EQ(seven.size(), 7U);
  EXPECT_TRUE(std::includes(twelve.begin(), twelve.end(), seven.begin(), seven.end()));
  EXPECT_EQ(f.pods({.count = 1000}).size(), 200U);
}

// Each region has its share, of its own draws, whatever happens to others.
TEST(targets, a_share_is_of_each_region_and_of_nobody_elses_pods) {
  Field f;
  const Found both = f.pods({.share = Share{0.3}});
  const Found one = f.pods({.region = "a", .share = Share{0.3}});
  EXPECT_EQ(one.size(), 30U);
  EXPECT_TRUE(std::includes(both.begin(), both.end(), one.begin(), one.end()));
  Found first, second;
  for (const auto& [region, pod] : both) (region == 0 ? first : second).emplace(0, pod);
  EXPECT_EQ(first.size(), 30U);
  EXPECT_NE(first, second);
  // Who has gone is not met, and the others are met as before.
  auto& places = f.hand.pods[0].places;
  places.erase(places.begin() + 10, places.begin() + 20);
  const Found less = f.pods({.region = "a", .share = Share{1.0}});
  EXPECT_EQ(less.size(), 90U);
}

}  // namespace test_targets
}  // namespace stampede
