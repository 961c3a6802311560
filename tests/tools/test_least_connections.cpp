// The pod with the fewest attempts in flight, of all.
#include "models/balancing/replica_choice.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_least_connections {

TEST(least_connections, is_the_rule_of_every_region) {
  const Spec spec = fleet_with("least_connections").spec;
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    EXPECT_EQ(spec.replica_choice_of(r).policy, ChoiceKind::kLeastRequest);
}

TEST(least_connections, picks_an_idlest_pod) {
  World world{1};
  ActiveCounts active{{4, 2, 7, 2}, 15};
  const auto choice = make_live_choice(
      std::make_shared<ReplicaChoiceParams>(fleet_with("least_connections").spec.replica_choice),
      world, "east", active);
  choice->set_endpoints({0, 1, 2, 3});
  std::set<u32> picked;
  for (u64 k = 0; k < 100; ++k) picked.insert(choice->pick(k, k));
  EXPECT_EQ(picked, (std::set<u32>{1, 3}));
}

}  // namespace test_least_connections
}  // namespace stampede::test
