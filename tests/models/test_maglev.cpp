// A table of 65,537 entries that pods fill in turn: equal parts, and few sessions move (Eisenbud et
// al. 2016).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_maglev {

struct Table {
  World world{1};
  ActiveCounts active;
  Mechanism<ReplicaChoice> choice =
      make_mechanism<ReplicaChoice>("maglev", {world, "here", active});
  std::vector<u32> of_sessions(const std::vector<u32>& pods) {
    choice->set_endpoints(pods);
    std::vector<u32> picked;
    for (u64 k = 0; k < 100'000; ++k) picked.push_back(choice->pick(k, 0));
    return picked;
  }
};

// Entries of pods differ by one at most, so that parts of 100,000 sessions differ by chance alone.
TEST(maglev, pods_have_equal_parts) {
  Table table;
  std::vector<double> n(10);
  for (const u32 pod : table.of_sessions({0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) ++n[pod];
  for (const double each : n) EXPECT_NEAR(each, 10'000, 5 * std::sqrt(9'000));
}

TEST(maglev, entries_differ_by_one_at_most) {
  World world{1};
  ActiveCounts active;
  const auto choice =
      make_mechanism<ReplicaChoice>("maglev", {world, "here", active}, {{"table_size", "7"}});
  choice->set_endpoints({0, 1, 2});
  std::vector<int> n(3);
  std::vector<u32> entry(7, kNoPod);
  for (u64 k = 0; k < 1000; ++k) entry[mix64(k) % 7] = choice->pick(k, 0);
  for (const u32 pod : entry) ++n.at(pod);
  std::sort(n.begin(), n.end());
  EXPECT_EQ(n, (std::vector<int>{2, 2, 3}));
}

// The sessions of a pod that leaves move, and of the others a few: Maglev is not minimal.
TEST(maglev, few_sessions_move_when_a_pod_leaves) {
  Table table;
  const auto before = table.of_sessions({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto after = table.of_sessions({0, 1, 2, 4, 5, 6, 7, 8, 9});
  int moved = 0;
  for (std::size_t k = 0; k < before.size(); ++k) {
    EXPECT_NE(after[k], 3U);
    moved += before[k] != 3 && after[k] != before[k];
  }
  EXPECT_GT(moved, 0);
  EXPECT_LT(moved, 10'000);
  EXPECT_EQ(table.of_sessions({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), before);  // whatever was in between
}

// A size that is no prime would leave entries that a pod's steps never meet.
TEST(maglev, any_size_is_filled) {
  World world{1};
  ActiveCounts active;
  for (const char* size : {"2", "4", "6", "1000"}) {
    const auto choice =
        make_mechanism<ReplicaChoice>("maglev", {world, "here", active}, {{"table_size", size}});
    choice->set_endpoints({0, 1, 2, 3});
    for (u64 k = 0; k < 1000; ++k) ASSERT_NE(choice->pick(k, 0), kNoPod);
  }
}

TEST(maglev, without_pods_there_is_none) {
  Table table;
  EXPECT_EQ(table.of_sessions({}).front(), kNoPod);
}

}  // namespace test_maglev
}  // namespace stampede::test
