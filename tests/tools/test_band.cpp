// Bands: step times through their stated error, and 10 to 90 % of what runs say.
#include <gtest/gtest.h>

#include <set>

#include "tools/experiments/band.h"
#include "tools/world/scenario.h"

namespace stampede {
namespace test_band {

const StepErrorParams kError{Share{0.8}, Share{1.5}};

TEST(band, factors_go_through_what_is_stated) {
  EXPECT_NEAR(step_factor(kError, 0.1), 0.8, 1e-9);
  EXPECT_NEAR(step_factor(kError, 0.5), 1, 1e-9);
  EXPECT_NEAR(step_factor(kError, 0.9), 1.5, 1e-9);
  EXPECT_LT(step_factor(kError, 0.05), 0.8);
  EXPECT_GT(step_factor(kError, 0.95), 1.5);
}

Scenario two_pools() {
  Scenario scenario;
  scenario.spec.serving.pools.resize(2);
  scenario.spec.serving.pools[1].engine.step_error = kError;
  return scenario;
}

TEST(band, all_five_terms_are_stretched_where_an_error_is_stated) {
  Scenario scenario = two_pools();
  EngineParams& stated = scenario.spec.serving.pools[1].engine;
  stated.step_per_million_pairs = 2_ms;
  stated.step_per_thousand_context_tokens = 60_us;
  const EngineParams before = stated;
  EXPECT_EQ(stretch_steps(scenario.spec, 0.9), 1u);
  EXPECT_EQ(stated.step_base.ns, before.step_base.ns * 3 / 2);
  EXPECT_EQ(stated.step_per_sequence.ns, before.step_per_sequence.ns * 3 / 2);
  EXPECT_EQ(stated.step_per_prompt_token.ns, before.step_per_prompt_token.ns * 3 / 2);
  EXPECT_EQ(stated.step_per_million_pairs.ns, before.step_per_million_pairs.ns * 3 / 2);
  EXPECT_EQ(stated.step_per_thousand_context_tokens.ns, 90'000);
  EXPECT_EQ(scenario.spec.serving.pools[0].engine.step_base.ns, before.step_base.ns);
}

TEST(band, ends_are_the_second_least_and_the_second_most) {
  std::set<i64> seeds, bases;
  const auto band = band_of(two_pools(), [&](const Scenario& s) {
    seeds.insert(s.spec.seed);
    bases.insert(s.spec.serving.pools[1].engine.step_base.ns);
    const auto n = static_cast<double>(seeds.size());
    return nlohmann::json{{"requests", {{"succeeded", 100 - n}}}, {"outage", nullptr}}.dump();
  });
  EXPECT_EQ(seeds.size(), kBandRuns);
  EXPECT_EQ(bases.size(), kBandRuns);
  EXPECT_EQ(band.size(), 2u) << "only what every run says";
  EXPECT_EQ(band["requests.succeeded"]["low"], 90);
  EXPECT_EQ(band["requests.succeeded"]["median"], 94);
  EXPECT_EQ(band["requests.succeeded"]["high"], 98);
  EXPECT_NE(band_table(band).find("answered"), std::string::npos);
  EXPECT_EQ(band_table({}), "");
}

}  // namespace test_band
}  // namespace stampede
