// What `stampede init` writes: each template plays and meets what it expects, and without its
// faults nothing happens at half, four fifths and all of the load that it states.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tools/language/init_template.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_templates {

bool full_tier() {
  const char* tier = std::getenv("STAMPEDE_TIER");
  return tier != nullptr && std::string(tier) == "full";
}

RunResults played(const std::string& text, const std::vector<std::string>& sets) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return run_simulation(load_scenario(SourceText{"template.yaml", text}, overrides).scenario, {});
}

// All but that of one server, which plays a recording beside it.
class Templates : public testing::TestWithParam<const char*> {
 protected:
  const std::string& text() const { return scenario_templates().at(GetParam()); }
};

TEST_P(Templates, meet_what_they_expect) {
  for (const std::string& wrong : played(text(), {}).failed_expectations) ADD_FAILURE() << wrong;
}

TEST_P(Templates, are_calm_without_their_faults) {
  const double rate =
      load_scenario(SourceText{"template.yaml", text()}).scenario.spec.demand.rate.per_second;
  for (const double part : {0.5, 0.8, 1.0})
    for (int seed = 1; seed <= (full_tier() ? 20 : 1); ++seed) {
      const RunResults run =
          played(text(), {"spec.timeline=[]", "spec.expect=[]",
                          fmt::format("spec.duration={}", full_tier() ? "4h" : "1h"),
                          fmt::format("spec.demand.rate={}/s", rate * part),
                          fmt::format("spec.seed={}", seed)});
      for (const Incident& i : run.incidents)
        ADD_FAILURE() << i.kind << " at " << part << " of the load, seed " << seed << ": "
                      << i.text;
    }
}

INSTANTIATE_TEST_SUITE_P(all, Templates,
                         testing::Values("init", "region", "three-regions", "database"),
                         [](const auto& of) { return "n" + std::to_string(of.index); });

// The database collapses under the work for those who have left, and does not come back by itself.
TEST(templates, a_database_stays_down_until_its_callers_are_throttled) {
  const std::string& text = scenario_templates().at("database");
  const auto recovered = [](const RunResults& run) {
    for (const Incident& i : run.incidents)
      if (i.kind == "service_recovered") return true;
    return false;
  };
  EXPECT_TRUE(recovered(played(text, {})));
  EXPECT_FALSE(recovered(played(text, {"spec.operations.steps=[]", "spec.expect=[]"})));
}

}  // namespace test_templates
}  // namespace stampede
