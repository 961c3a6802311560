#include <gtest/gtest.h>

#include "sim/cause_tally.h"

namespace stampede {
namespace test_cause_tally {

// The last one to arrive does not hide the others.
TEST(cause_tally, names_each_that_brought_a_tenth_and_forgets) {
  CauseTally<30, 2, 4> causes;
  const auto at = [](i64 seconds) { return Instant{} + 1_s * seconds; };
  std::vector<IncidentId> found;
  causes.collect(at(0), 10, found);
  EXPECT_TRUE(found.empty());
  for (int i = 0; i < 100; ++i) causes.add(at(31), i % 50 == 0 ? 9 : i % 4 == 0 ? 7 : 5);
  causes.collect(at(40), 10, found);
  EXPECT_EQ(found, (std::vector<IncidentId>{5, 7}));
  EXPECT_EQ(causes.most(at(40)), 5u);
  causes.add(at(61), 9);
  EXPECT_EQ(causes.most(at(61)), 5u);
  EXPECT_EQ(causes.most(at(91)), 9u);
  EXPECT_EQ(causes.most(at(121)), kNoIncident);
}

TEST(cause_tally, the_least_gives_way_and_equal_ones_stand_by_age) {
  CauseTally<60, 2, 2> causes;
  const Instant now{};
  EXPECT_EQ(causes.most(now), kNoIncident);
  causes.add(now, kNoIncident, 100);
  EXPECT_TRUE(causes.top(now, 5).empty());
  causes.add(now, 8, 5);
  causes.add(now, 3, 5);
  EXPECT_EQ(causes.top(now, 5), (std::vector<IncidentId>{3, 8}));
  EXPECT_EQ(causes.most(now), 3u);
  causes.add(now, 3, 1);
  causes.add(now, 9, 2);  // in place of 8
  EXPECT_EQ(causes.top(now, 5), (std::vector<IncidentId>{3, 9}));
  EXPECT_EQ(causes.top(now, 1), (std::vector<IncidentId>{3}));
  const Instant next = now + 1_min;
  causes.add(next, 9, 10);
  EXPECT_EQ(causes.top(next, 5), (std::vector<IncidentId>{9, 3}));
  EXPECT_EQ(causes.top(next + 1_min, 5), (std::vector<IncidentId>{9}));
}

}  // namespace test_cause_tally
}  // namespace stampede
