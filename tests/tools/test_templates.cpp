// What `stampede init` writes: each template plays and meets what it expects, and without its
// faults nothing happens at half, four fifths and all of the load that it states.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/directories.h"
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

// Played for `span` at half, four fifths and all of the load that it states.
void expect_calm(const std::string& text, const std::vector<std::string>& without,
                 const std::string& span) {
  const double rate =
      load_scenario(SourceText{"template.yaml", text}).scenario.spec.demand.rate.per_second;
  for (const double part : {0.5, 0.8, 1.0})
    for (int seed = 1; seed <= (full_tier() ? 20 : 1); ++seed) {
      std::vector<std::string> sets{"spec.timeline=[]", "spec.expect=[]",
                                    fmt::format("spec.duration={}", full_tier() ? "4h" : span),
                                    fmt::format("spec.demand.rate={}/s", rate * part),
                                    fmt::format("spec.seed={}", seed)};
      sets.insert(sets.end(), without.begin(), without.end());
      for (const Incident& i : played(text, sets).incidents)
        ADD_FAILURE() << i.kind << " at " << part << " of the load, seed " << seed << ": "
                      << i.text;
    }
}

TEST_P(Templates, are_calm_without_their_faults) { expect_calm(text(), {}, "1h"); }

INSTANTIATE_TEST_SUITE_P(all, Templates,
                         testing::Values("init", "region", "three-regions", "database"),
                         [](const auto& of) { return "n" + std::to_string(of.index); });

// Scenarios of the gallery, at a fifth in the default tier.
std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Gallery : public testing::TestWithParam<const char*> {};

TEST_P(Gallery, is_calm_without_its_faults) {
  std::vector<std::string> without{"spec.operations.steps=[]"};
  if (!full_tier()) without.push_back("spec.scale=1/5");
  expect_calm(text_of(source_directory() + "/scenarios/" + GetParam()), without, "20min");
}

INSTANTIATE_TEST_SUITE_P(all, Gallery,
                         testing::Values("03-cloudflare-2025-11-18.yaml",
                                         "04-openai-2024-12-11.yaml", "05-facebook-2021-10-04.yaml",
                                         "06-aws-2025-10-20.yaml", "07-cloudflare-2020-07-17.yaml",
                                         "08-openai-2025-06-10.yaml", "09-slack-2021-01-04.yaml",
                                         "10-slack-2022-02-22.yaml"),
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
