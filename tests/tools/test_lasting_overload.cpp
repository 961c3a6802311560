// A fleet that is asked for more than it can bear all the time: overloaded pods fail their probes,
// lose their traffic, recover and get it back, every 40 s. That is one overload, and one failover.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_lasting_overload {

std::size_t count(const std::vector<Incident>& all, const std::string& kind) {
  std::size_t n = 0;
  for (const Incident& i : all) n += i.kind == kind;
  return n;
}

std::vector<Incident> overloaded(const std::string& relieved_after) {
  std::vector<Override> sets;
  for (const std::string& text :
       {std::string("spec.demand.rate=80/s"), std::string("spec.duration=20min"),
        std::string("spec.timeline=[]"), std::string("spec.expect=[]"),
        std::string("spec.serving.pools[*].front_end.cpu_per_request=2s"),
        "spec.serving.pools[*].front_end.relieved_after=" + relieved_after})
    sets.push_back(parse_set(text));
  const std::string file = source_directory() + "/scenarios/templates/three-regions.yaml";
  return run_simulation(load_scenario(file, sets).scenario, {}).incidents;
}

TEST(lasting_overload, is_one_for_each_region) {
  const std::vector<Incident> run = overloaded("1min");
  EXPECT_EQ(count(run, "replica_overloaded"), 3U);
  EXPECT_EQ(count(run, "replica_relieved"), 0U);
  EXPECT_LE(count(run, "failover_started"), 3U);
  EXPECT_GT(count(overloaded("0s"), "replica_overloaded"), 30U);
}

}  // namespace test_lasting_overload
}  // namespace stampede
