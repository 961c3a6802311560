// Of two different pods at random the one with fewer attempts in flight.
#include "models/balancing/replica_choice.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_power_of_two_choices {

TEST(power_of_two_choices, picks_a_pod_as_often_as_it_is_the_better_of_a_pair) {
  World world{1};
  ActiveCounts active{{0, 1, 2, 3, 4}, 10};
  const auto choice = make_live_choice(
      std::make_shared<ReplicaChoiceParams>(fleet_with("power_of_two_choices").spec.replica_choice),
      world, "east", active);
  choice->set_endpoints({0, 1, 2, 3, 4});
  std::vector<double> share(5);
  for (u64 k = 0; k < 10'000; ++k) share[choice->pick(k, k)] += 1e-4;
  // Of the ten pairs the k-th idlest is the better one in 4 - k.
  for (std::size_t k = 0; k < 5; ++k)
    EXPECT_NEAR(share[k], (4.0 - static_cast<double>(k)) / 10, 0.02) << k;
}

TEST(power_of_two_choices, is_the_rule_of_every_region) {
  const Spec spec = fleet_with("power_of_two_choices").spec;
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    EXPECT_EQ(spec.replica_choice_of(r).policy, ChoiceKind::kPowerOfTwo);
}

}  // namespace test_power_of_two_choices
}  // namespace stampede::test
