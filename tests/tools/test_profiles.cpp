// Measured models and GPUs by name: every one loads, and what is written goes before it.
#include "tools/language/profiles.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/directories.h"
#include "tools/language/init_template.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_profiles {

// The scenario of one server with another profile.
SourceText server(const std::string& profile) {
  std::string text = scenario_templates().at("vllm");
  const std::string named = "profile: llama-2-70b-h100-tp4";
  const auto at = text.find(named);
  EXPECT_NE(at, std::string::npos);
  return {"server.yaml", text.replace(at, named.size(), "profile: " + profile)};
}

// Whose directory holds the recording.
const std::string kTemplates = source_directory() + "/scenarios/templates/vllm.yaml";

Loaded load(const std::string& profile, const std::vector<Override>& sets = {}) {
  std::vector<Override> all{{"spec.clients[0].trace.file", "vllm.csv"}};
  all.insert(all.end(), sets.begin(), sets.end());
  return load_scenario(server(profile), all, {}, around(kTemplates));
}

TEST(profiles, every_one_loads_as_a_server) {
  EXPECT_GE(serving_profiles().size(), 20u);
  for (const auto& [name, text] : serving_profiles()) {
    EXPECT_EQ(text.rfind("# ", 0), 0u) << name << " does not say what it is";
    if (name.find("-prefill") != name.npos || name.find("-decode") != name.npos) continue;
    const Loaded loaded = load(name);
    const EngineParams& e = loaded.scenario.spec.serving.pools[0].engine;
    EXPECT_GT(e.step_base, 1_ms) << name;
    EXPECT_TRUE(e.prefix_caching && e.async_scheduling) << name;
    EXPECT_EQ(loaded.origins.at("spec.serving.pools[0].engine.step_base"), "profile " + name);
  }
}

TEST(profiles, the_file_and_options_go_before) {
  const std::string name = "llama-2-7b-h100-tp1";
  const Loaded loaded = load(name, {{"spec.serving.pools[0].engine.step_base", "9ms"}});
  const EngineParams& e = loaded.scenario.spec.serving.pools[0].engine;
  EXPECT_EQ(e.kv_blocks, 31356u) << "the file says so";
  EXPECT_EQ(e.step_base, 9_ms) << "the option says so";
  EXPECT_EQ(e.step_per_thousand_context_tokens, 179'900_ns);
  const Loaded other = load(name, {{"spec.serving.pools[0].profile", "codellama-34b-h100-tp2"}});
  EXPECT_EQ(other.scenario.spec.serving.pools[0].engine.step_base, 13'382_us);
}

// A replay has every value written out, and finds no other.
TEST(profiles, written_out_a_scenario_is_the_same) {
  const Loaded loaded = load("qwen3-14b-l40s-tp1", {{"spec.serving.exact_steps", "true"}});
  const std::string once = effective(loaded.scenario).dump();
  const Loaded again = load_scenario(SourceText{"again", once}, {}, {}, around(kTemplates));
  EXPECT_EQ(effective(again.scenario).dump(), once);
}

// One event an iteration, or one for many: the same requests at the same nanoseconds.
TEST(profiles, exact_steps_change_nothing_but_the_events) {
  const auto run = [](const char* exact) {
    const Loaded loaded =
        load("llama-2-7b-h100-tp1", {{"spec.serving.exact_steps", exact},
                                     {"spec.serving.pools[0].engine.kv_blocks", "600"},
                                     {"spec.clients[0].trace.rate_scale", "4"},
                                     {"spec.clients[0].total_timeout", "20s"},
                                     {"spec.duration", "3min"}});
    return run_simulation(loaded.scenario, [](double) { return true; });
  };
  const RunResults macro = run("false"), single = run("true");
  auto told = nlohmann::json::parse(macro.summary_json);
  auto exact = nlohmann::json::parse(single.summary_json);
  EXPECT_GT(told.at("requests").at("failed"), 10) << "nobody left: the load is too light";
  EXPECT_TRUE(told.erase("digest") == 1 && exact.erase("digest") == 1);  // it counts the events
  EXPECT_EQ(told, exact);
  EXPECT_GT(single.events, 2 * macro.events);
}

TEST(profiles, an_unknown_name_is_located) {
  try {
    load("llama-2-7b-h100-tp2");
    FAIL() << "loaded";
  } catch (const InputError& e) {
    ASSERT_FALSE(e.diagnostics.empty());
    EXPECT_EQ(e.diagnostics[0].path, "spec.serving.pools[0].profile");
    EXPECT_GT(e.diagnostics[0].line, 0u);
    EXPECT_NE(e.diagnostics[0].message.find("llama-2-7b-h100-tp1"), std::string::npos);
  }
}

}  // namespace test_profiles
}  // namespace stampede
