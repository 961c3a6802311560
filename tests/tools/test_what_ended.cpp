// What ends a trouble of a whole fleet is named by the incident that says that it is over.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_what_ended {

struct Case {
  const char *change, *began, *over, *because;
};
class Ended : public testing::TestWithParam<Case> {};

std::set<std::string> causes_of(const Played& run, const Incident& i) {
  std::set<std::string> kinds;
  for (const IncidentId cause : i.causes) kinds.insert(run.incidents[cause - 1].kind);
  return kinds;
}

TEST_P(Ended, trouble_says_by_what) {
  const Case& c = GetParam();
  const Played run = play(c.change);
  ASSERT_GE(run.count(c.began), 1U);
  ASSERT_EQ(run.count(c.over), run.count(c.began));
  for (const Incident& i : run.incidents)
    if (i.kind == c.over) {
      EXPECT_EQ(causes_of(run, i), (std::set<std::string>{c.began, c.because}));
    }
}

INSTANTIATE_TEST_SUITE_P(
    all, Ended,
    testing::Values(
        Case{"{at: 10min, do: slow_disk, by: 3s, for: 5min}", "etcd_saturated", "etcd_recovered",
             "disk_restored"},
        Case{"{at: 10min, do: set, path: spec.control_plane.etcd.fsync, value: 3s, for: 5min}",
             "etcd_saturated", "etcd_recovered", "healed"},
        Case{"{at: 10min, do: set, path: spec.control_plane.etcd.fsync, value: 3s, name: slow}, "
             "{at: 15min, do: undo, name: slow}",
             "etcd_saturated", "etcd_recovered", "undone"},
        Case{"{at: 10min, do: set, path: 'spec.serving.pools[0].front_end.max_peers', value: 2, "
             "for: 5min}",
             "peers_exceeded", "peers_within", "healed"}));

// At the first instant too, and of all servers that there are then.
TEST(ended, what_is_set_at_the_first_instant_brings_what_follows) {
  const Played run = play(
      "{at: 0s, do: set, path: 'spec.serving.pools[0].front_end.max_peers', value: 2, for: 10min}");
  ASSERT_GE(run.count("peers_exceeded"), 1U);
  for (const Incident& i : run.incidents)
    if (i.kind == "peers_exceeded") {
      EXPECT_EQ(causes_of(run, i), std::set<std::string>{"set"});
      EXPECT_EQ(i.text.find("3 servers"), std::string::npos) << i.text;
    }
}

}  // namespace test_what_ended
}  // namespace stampede::test
