// Clocks and reused pages: a scenario each in which that link decides, and the sizes between which
// it begins to.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_links {

bool breaker_opens(const char* name, const std::vector<std::string>& sets = {}) {
  std::vector<Override> overrides{parse_set("spec.expect=[]")};
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  const std::string file = source_directory() + "/scenarios/links/" + name + ".yaml";
  const RunResults run = run_simulation(load_scenario(file, overrides).scenario, {});
  return std::any_of(run.incidents.begin(), run.incidents.end(),
                     [](const Incident& i) { return i.kind == "breaker_opened"; });
}

TEST(links, a_clock_decides_once_it_is_wrong_by_the_time_between_two_writes) {
  EXPECT_TRUE(breaker_opens("clock"));
  EXPECT_TRUE(breaker_opens("clock", {"spec.timeline[0].offset=1s"}));
  EXPECT_FALSE(breaker_opens("clock", {"spec.timeline[0].offset=500ms"}));
  EXPECT_FALSE(breaker_opens("clock", {"spec.kv_cache.fencing=true"}));
}

TEST(links, page_reuse_decides_with_the_probability_and_with_those_who_give_up) {
  EXPECT_TRUE(breaker_opens("page-reuse"));
  EXPECT_FALSE(breaker_opens("page-reuse", {"spec.kv_cache.page_reuse_probability=0.01%"}));
  EXPECT_FALSE(breaker_opens(
      "page-reuse", {"spec.timeline[0].factor=3", "spec.kv_cache.page_reuse_probability=100%"}));
  EXPECT_FALSE(breaker_opens("page-reuse", {"spec.kv_cache.checksums=true"}));
}

}  // namespace test_links
}  // namespace stampede
