// Rounds of as many tasks as there are subsets: in each round every pod is in one subset (SRE
// book).
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_subsetting {

struct Gateway {
  World world{1};
  ActiveCounts active;
  Mechanism<ReplicaChoice> choice;
  Gateway(u32 pods, const char* subset, const char* tasks)
      : choice(make_mechanism<ReplicaChoice>("subsetting", {world, "here", active},
                                             {{"subset", subset}, {"tasks", tasks}})) {
    std::vector<u32> all(pods);
    std::iota(all.begin(), all.end(), 0U);
    choice->set_endpoints(all);
  }
};

TEST(subsetting, a_task_goes_round_its_subset) {
  Gateway gateway(100, "5", "20");
  std::map<u64, std::set<u32>> of_session;
  for (u64 key = 0; key < 50; ++key) {
    std::vector<u32> picks;
    for (int k = 0; k < 10; ++k) picks.push_back(gateway.choice->pick(key, 0));
    EXPECT_EQ((std::set<u32>(picks.begin(), picks.end())).size(), 5U);
    for (int k = 0; k < 5; ++k)
      EXPECT_EQ(picks[static_cast<std::size_t>(k)], picks[static_cast<std::size_t>(k) + 5]);
  }
}

// 20 subsets of 5 pods, 60 tasks: three rounds, in each of which each pod has one task.
TEST(subsetting, each_pod_serves_as_many_tasks_as_any_other) {
  Gateway gateway(100, "5", "60");
  std::map<u64, std::set<u32>> subsets;  // [task]
  for (u64 key = 0; key < 5000; ++key)
    subsets[mix64(key) % 60].insert(gateway.choice->pick(key, 0));
  ASSERT_EQ(subsets.size(), 60U);
  std::map<u32, int> tasks;
  for (const auto& [task, subset] : subsets) {
    EXPECT_EQ(subset.size(), 5U);
    for (const u32 pod : subset) ++tasks[pod];
  }
  for (const auto& [pod, n] : tasks) EXPECT_EQ(n, 3) << pod;
  EXPECT_EQ(tasks.size(), 100U);
  EXPECT_NE(subsets[0], subsets[20]);  // rounds are shuffled anew
}

TEST(subsetting, a_small_pool_is_one_subset) {
  Gateway gateway(7, "20", "100");
  std::set<u32> picked;
  for (int k = 0; k < 7; ++k) picked.insert(gateway.choice->pick(3, 0));
  EXPECT_EQ(picked.size(), 7U);
}

}  // namespace test_subsetting
}  // namespace stampede::test
