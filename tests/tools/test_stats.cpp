// What names of statistics promise: kind and unit by their endings, one series a name.
#include <gtest/gtest.h>

#include <set>

#include "tests/directories.h"
#include "tools/language/init_template.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_stats {

std::vector<StatInfo> stats_of(const Loaded& loaded) {
  return run_simulation(loaded.scenario, [](double) { return false; }).series_columns;
}

std::vector<StatInfo> all_stats() {
  std::vector<StatInfo> found = stats_of(load_scenario(SourceText{"init", init_template()}));
  const std::string outage = source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml";
  for (const StatInfo& s :
       stats_of(load_scenario(outage, {{"spec.gateway.sessions.hold_during_inference", "true"}})))
    found.push_back(s);
  return found;
}

TEST(stats, a_name_that_ends_in_total_is_a_counter_and_no_other) {
  for (const StatInfo& s : all_stats())
    EXPECT_EQ(s.kind == StatKind::kCounter, s.name.ends_with("_total")) << s.component << s.name;
}

TEST(stats, names_end_in_their_unit) {
  std::set<std::string> seen;
  for (const StatInfo& s : all_stats()) {
    const auto ends = [&](const char* text) { return s.name.ends_with(text); };
    EXPECT_FALSE(ends("_share") || ends("_fraction") || ends("_percent")) << s.name;
    const char* unit = ends("_seconds") || ends("_seconds_total") ? "s"
                       : ends("_bytes") || ends("_bytes_total")   ? "B"
                       : ends("_per_second")                      ? "1/s"
                                                                  : "1";
    EXPECT_EQ(s.unit, unit) << s.component << " " << s.name;
    seen.insert(unit);
  }
  EXPECT_GE(seen.size(), 3u);
}

TEST(stats, a_component_has_one_of_each_name) {
  std::set<std::pair<std::string, std::string>> known;
  for (const StatInfo& s : stats_of(load_scenario(SourceText{"init", init_template()})))
    EXPECT_TRUE(known.emplace(s.component, s.name).second) << s.component << " " << s.name;
}

}  // namespace test_stats
}  // namespace stampede
