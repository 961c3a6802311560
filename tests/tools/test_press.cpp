// The outage as the press tells it: which of its facts come out, at 1/40, by when it comes back.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_press {

RunResults press(const std::string& relapse) {
  std::vector<Override> sets;
  for (const std::string& set : {std::string("spec.scale=1/40"), "spec.timeline[1].at=" + relapse})
    sets.push_back(parse_set(set));
  return run_simulation(
      load_scenario(source_directory() + "/scenarios/variants/press.yaml", sets).scenario, {});
}

// Minutes after the start of the run at which incidents of this kind came.
std::vector<double> minutes(const RunResults& run, const std::string& kind) {
  std::vector<double> at;
  for (const Incident& i : run.incidents)
    if (i.kind == kind) at.push_back(i.at.seconds() / 60);
  return at;
}

TEST(press, is_resolved_after_two_hours_and_relapses_in_the_evening_and_not_at_night) {
  const RunResults evening = press("170min");
  const std::vector<double> closed = minutes(evening, "breaker_closed");
  ASSERT_EQ(closed.size(), 2U);
  EXPECT_NEAR(closed[0] - 5, 120, 10);  // 21:35 + 2 h
  EXPECT_EQ(minutes(evening, "breaker_opened").size(), 2U);
  EXPECT_NEAR(closed[1] - 170, 313, 15);  // as long as in the sum of 7 h 13 min, from 00:20
  const RunResults night = press("470min");
  EXPECT_EQ(minutes(night, "breaker_opened").size(), 1U);
  EXPECT_EQ(minutes(night, "breaker_closed"), std::vector<double>{closed[0]});
}

// Beside its times, runbook and pushes it is the reference outage, line by line.
std::vector<std::string> fleet_of(const std::string& name) {
  std::ifstream file(source_directory() + "/scenarios/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line) && line != "  operations:" &&
                         line.rfind("  operations: ", 0) != 0;) {
    if (line.rfind('#', 0) == 0 || line.rfind("  name:", 0) == 0 ||
        line.rfind("  summary:", 0) == 0 || line.rfind("  duration:", 0) == 0)
      continue;
    lines.push_back(line);
  }
  return lines;
}

TEST(press, has_the_fleet_and_the_clients_of_the_reference_outage) {
  const std::vector<std::string> press = fleet_of("variants/press.yaml");
  EXPECT_GT(press.size(), 100U);
  EXPECT_EQ(press, fleet_of("01-deepseek-2026-03-29.yaml"));
}

}  // namespace test_press
}  // namespace stampede
