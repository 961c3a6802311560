// `--set a[*].b=value`: every element of the list, the last one too, and nothing else.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_set_path {

Loaded load(const std::vector<std::string>& sets) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return load_scenario(source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml", overrides);
}
Spec spec(const std::vector<std::string>& sets) { return load(sets).scenario.spec; }

std::string fault(const std::string& set) {
  try {
    load({set});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(set_path, a_star_sets_every_element) {
  const Spec before = spec({}), after = spec({"spec.regions[*].utc_offset=5h"});
  ASSERT_EQ(after.regions.size(), 3u);
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_EQ(after.regions[r].utc_offset, 5_h) << r;
    EXPECT_EQ(after.regions[r].nodes, before.regions[r].nodes) << r;
  }
}

TEST(set_path, stars_nest) {
  const Spec after = spec({"spec.regions[*].pools[*].min_replicas=7"});
  for (const RegionParams& region : after.regions) {
    ASSERT_EQ(region.pools.size(), 2u);
    for (const RegionPoolParams& pool : region.pools) EXPECT_EQ(pool.min_replicas, 7);
  }
  const Spec one = spec({"spec.regions[*].pools[1].min_replicas=7"});
  for (const RegionParams& region : one.regions) {
    EXPECT_NE(region.pools[0].min_replicas, 7);
    EXPECT_EQ(region.pools[1].min_replicas, 7);
  }
  const Spec first = spec({"spec.regions[0].pools[*].min_replicas=7"});
  for (std::size_t r = 0; r < 3; ++r)
    for (const RegionPoolParams& pool : first.regions[r].pools)
      EXPECT_EQ(pool.min_replicas == 7, r == 0);
}

TEST(set_path, a_star_at_the_end_sets_whole_elements) {
  const Spec after = spec({"spec.safety.ramp_steps[*]=50%"});
  ASSERT_EQ(after.safety.ramp_steps.size(), 5u);
  for (const Share& step : after.safety.ramp_steps) EXPECT_EQ(step.value, 0.5);
}

TEST(set_path, every_element_is_marked_as_set_on_the_command_line) {
  const Loaded after = load({"spec.clients[*].cancel_on_timeout=10%"});
  for (int k = 0; k < 4; ++k)
    EXPECT_EQ(after.origins.at("spec.clients[" + std::to_string(k) + "].cancel_on_timeout"),
              "--set");
  EXPECT_NE(after.origins.at("spec.clients[3].name"), "--set");
}

TEST(set_path, an_index_or_a_name_sets_that_element_only) {
  for (const char* path : {"spec.regions[2].utc_offset=5h", "spec.regions.eu.utc_offset=5h"}) {
    const Spec after = spec({path});
    for (std::size_t r = 0; r < 3; ++r) EXPECT_EQ(after.regions[r].utc_offset == 5_h, r == 2);
  }
  EXPECT_NE(fault("spec.regions[3].utc_offset=5h").find("beyond the list's 3 elements"),
            std::string::npos);
}

TEST(set_path, a_later_option_wins_also_over_a_star) {
  const Spec after = spec({"spec.regions[*].utc_offset=5h", "spec.regions[1].utc_offset=6h"});
  EXPECT_EQ(after.regions[0].utc_offset, 5_h);
  EXPECT_EQ(after.regions[1].utc_offset, 6_h);
  EXPECT_EQ(after.regions[2].utc_offset, 5_h);
  EXPECT_EQ(spec({"spec.regions[1].utc_offset=6h", "spec.regions[*].utc_offset=5h"})
                .regions[1]
                .utc_offset,
            5_h);
}

TEST(set_path, a_star_on_what_is_no_list_is_told) {
  EXPECT_NE(fault("spec.demand[*].rate=1/s").find("no list"), std::string::npos);
  const std::string wrong = fault("spec.regions[*].share=x");
  for (int k = 0; k < 3; ++k)
    EXPECT_NE(wrong.find("spec.regions[" + std::to_string(k) + "].share"), std::string::npos);
  EXPECT_EQ(spec({"spec.timeline=[]", "spec.timeline[*].at=5min"}).timeline.size(), 0u);
}

}  // namespace test_set_path
}  // namespace stampede
