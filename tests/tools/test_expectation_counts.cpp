// An expectation of something that is counted is written for the whole fleet and holds at any
// scale.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_expectation_counts {

// Whether the one expectation holds at half of the scale: 6 requests a second in five minutes.
bool holds(const std::string& expectation) {
  const std::vector<Override> sets = {{"spec.scale", "1/2"},
                                      {"spec.duration", "5min"},
                                      {"spec.timeline", "[]"},
                                      {"spec.expect", "[{" + expectation + "}]"}};
  const std::string file = source_directory() + "/scenarios/templates/init.yaml";
  return run_simulation(load_scenario(file, sets).scenario, {}).failed_expectations.empty();
}

TEST(expectation_counts, are_divided_by_the_scale_if_they_say_that_they_count) {
  const std::string all = "that: value, of: requests.offered, between: [1650, 1950]";
  const std::string half = "that: value, of: requests.offered, between: [800, 1000]";
  EXPECT_TRUE(holds(all + ", counts: true"));
  EXPECT_FALSE(holds(half + ", counts: true"));
  EXPECT_TRUE(holds(half));
  EXPECT_FALSE(holds(all));
  const std::string series =
      "that: series, component: clients, stat: requests_offered_total, peak: [1650, 1950]";
  EXPECT_TRUE(holds(series + ", counts: true"));
  EXPECT_FALSE(holds(series));
}

}  // namespace test_expectation_counts
}  // namespace stampede
