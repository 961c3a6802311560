// A session stays with its pod whatever its load; of n pods one that leaves moves 1 / n of them.
#include "models/balancing/replica_choice.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_ring_hash {

std::unique_ptr<ReplicaChoice> choice(const std::string& use, World& world, ActiveCounts& active) {
  return make_live_choice(
      std::make_shared<ReplicaChoiceParams>(fleet_with(use).spec.replica_choice), world, "east",
      active);
}

TEST(ring_hash, a_pod_that_leaves_moves_its_own_sessions_only) {
  World world{1};
  ActiveCounts active{{1000, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 1000};
  const auto ring = choice("ring_hash", world, active);
  ring->set_endpoints({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  std::vector<u32> before;
  for (u64 k = 0; k < 10'000; ++k) before.push_back(ring->pick(k, 0));
  const auto of_0 = std::count(before.begin(), before.end(), 0U);
  EXPECT_NEAR(static_cast<double>(of_0), 1000, 400);  // its load does not matter
  ring->set_endpoints({1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (u64 k = 0; k < 10'000; ++k)
    if (before[k] != 0) {
      ASSERT_EQ(ring->pick(k, 0), before[k]);
    }
}

// The standard deviation of a pod's share is about 1 / sqrt(points) of it.
TEST(ring_hash, more_points_make_equal_parts) {
  World world{1};
  ActiveCounts active;
  const auto most = [&](const std::string& use) {
    const auto ring = choice(use, world, active);
    ring->set_endpoints({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    std::vector<int> n(10);
    for (u64 k = 0; k < 20'000; ++k) ++n[ring->pick(k, 0)];
    return *std::max_element(n.begin(), n.end());
  };
  EXPECT_LT(most("ring_hash, points: 5000"), 2300);
  EXPECT_GT(most("ring_hash, points: 3"), 2600);
}

}  // namespace test_ring_hash
}  // namespace stampede::test
