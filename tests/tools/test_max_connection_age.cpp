// Connections are closed after five minutes, 10 % more or less, and opened on the next pod.
#include "models/balancing/replica_choice.h"
#include "tests/tools/policy_fixture.h"
#include "tools/world/needs.h"

namespace stampede::test {
namespace test_max_connection_age {

struct Fleet {
  World world{1};
  ActiveCounts active;
  std::unique_ptr<ReplicaChoice> choice;
  explicit Fleet(const std::string& use) {
    choice =
        make_live_choice(std::make_shared<ReplicaChoiceParams>(
                             fleet_with(use, {"spec.replica_choice.policy=round_robin_connections"})
                                 .spec.replica_choice),
                         world, "east", active);
    choice->set_endpoints({0, 1});
    share_of_the_new();
    choice->set_endpoints({0, 1, 2, 3});
  }
  double share_of_the_new() {
    double n = 0;
    for (u64 k = 0; k < 4000; ++k) n += choice->pick(k, 0) >= 2;
    return n / 4000;
  }
};

// Two pods come to two others: without an age they get nothing.
TEST(max_connection_age, pods_that_come_later_get_their_share_by_then) {
  Fleet with("max_connection_age"), without("");
  with.world.scheduler.run_until(Instant{} + 269_s);
  EXPECT_EQ(with.share_of_the_new(), 0);
  with.world.scheduler.run_until(Instant{} + 331_s);
  EXPECT_NEAR(with.share_of_the_new(), 0.5, 0.05);
  without.world.scheduler.run_until(Instant{} + 3600_s);
  EXPECT_EQ(without.share_of_the_new(), 0);
}

TEST(max_connection_age, is_for_long_connections) {
  const auto unmet = [](const std::vector<std::string>& sets) {
    return cannot_be_used({"max_connection_age"}, fleet_with("", sets).spec);
  };
  EXPECT_EQ(unmet({}), "pods are not picked by long connections");
  EXPECT_EQ(unmet({"spec.replica_choice.policy=round_robin_connections"}), std::nullopt);
}

}  // namespace test_max_connection_age
}  // namespace stampede::test
