// Weight max(10 %, max(t, 1 s) / 60 s) / (attempts in flight + 1), earliest deadline first (Envoy).
#include <gtest/gtest.h>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_slow_start {

struct Pool {
  World world{1};
  ActiveCounts active;
  Mechanism<ReplicaChoice> choice;
  explicit Pool(const std::vector<std::pair<std::string, std::string>>& sets = {})
      : choice(make_mechanism<ReplicaChoice>("slow_start", {world, "here", active}, sets)) {
    choice->set_endpoints({0, 1, 2, 3});
  }
  // Of `n` picks that of the pod.
  double share(u32 pod, int n = 2000) {
    int picked = 0;
    for (int k = 0; k < n; ++k) picked += choice->pick(1, static_cast<u64>(k)) == pod;
    return static_cast<double>(picked) / n;
  }
  void wait(Duration d) { world.scheduler.run_until(world.now() + d); }
};

TEST(slow_start, pods_that_are_there_at_the_start_have_equal_parts) {
  Pool pool;
  for (u32 pod = 0; pod < 4; ++pod) EXPECT_NEAR(pool.share(pod), 0.25, 0.001);
}

// With weight w beside three full ones a pod gets w / (3 + w).
TEST(slow_start, a_new_pod_grows_linearly_to_its_full_share) {
  Pool pool;
  pool.choice->set_endpoints({0, 1, 2});
  pool.wait(100_s);
  pool.choice->set_endpoints({0, 1, 2, 3});
  pool.share(3);  // its first deadline is past
  const auto expect_weight = [&](double w) {
    pool.share(3, 200);
    EXPECT_NEAR(pool.share(3), w / (3 + w), 0.003) << w;
  };
  expect_weight(0.1);  // at least; 1 / 60 else
  pool.wait(15_s);
  expect_weight(0.25);
  pool.wait(30_s);
  expect_weight(0.75);
  pool.wait(15_s);
  expect_weight(1);
}

TEST(slow_start, aggression_makes_it_faster_at_first) {
  const std::vector<std::pair<std::string, std::string>> sets{{"aggression", "2"}};
  Pool pool(sets);
  pool.choice->set_endpoints({0, 1, 2});
  pool.choice->set_endpoints({0, 1, 2, 3});
  pool.wait(15_s);
  pool.share(3, 200);
  EXPECT_NEAR(pool.share(3), 0.5 / 3.5, 0.003);  // (15 / 60)^(1/2)
}

// Weights 1 / (a + 1): 1, 1/2, 1/4 and 1/4.
TEST(slow_start, busy_pods_get_less) {
  Pool pool;
  pool.active.by_pod = {0, 1, 3, 3};
  pool.share(0, 200);
  EXPECT_NEAR(pool.share(0), 0.5, 0.003);
  EXPECT_NEAR(pool.share(1), 0.25, 0.003);
  EXPECT_NEAR(pool.share(3), 0.125, 0.003);
}

}  // namespace test_slow_start
}  // namespace stampede::test
