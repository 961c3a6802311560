// Every live parameter, found by the description of types: given at the first instant it is as if
// the scenario said so; given its own value it changes nothing; changed in the middle of a run, up
// and down and back, it breaks nothing; in a smaller world it is as small as in the file.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>

#include "sim/check.h"
#include "tests/property/live_fleet.h"
#include "tools/world/scale.h"

namespace stampede {
namespace test_live_parameters {

using namespace test;

bool full_tier() {
  const char* tier = std::getenv("STAMPEDE_TIER");
  return tier != nullptr && std::string(tier) == "full";
}

const Spec& plain_spec() {
  static const Scenario scenario = live_scenario();
  return scenario.spec;
}

const LiveRun& plain_run() {
  static const LiveRun run = play(live_scenario());
  return run;
}

TEST(live_parameters, are_many) {
  const std::vector<std::string> paths = live_paths(plain_spec());
  EXPECT_GE(paths.size(), 300u);
  for (const std::string& path : paths)
    if (!own_value(plain_spec(), path).empty()) {
      EXPECT_FALSE(other_values(plain_spec(), path).empty()) << path;
    }
}

// Two instances of one struct differ in nothing that matters here: of clients the first class.
bool looked_at(const std::string& path) {
  return full_tier() || path.find("spec.clients.agents.") != 0;
}

class LiveParameter : public ::testing::TestWithParam<std::string> {};

TEST_P(LiveParameter, at_the_start_is_as_written) {
  const std::string& path = GetParam();
  for (const std::string& value : other_values(plain_spec(), path)) {
    const LiveRun written = play(live_scenario({path + "=" + value}));
    const LiveRun set = play(live_scenario({}, set_at("0s", path, value)));
    EXPECT_TRUE(set == written) << path << " = " << value << ": " << set.results << " "
                                << written.results;
    if (!full_tier()) break;
  }
}

TEST_P(LiveParameter, its_own_value_changes_nothing) {
  const std::string& path = GetParam();
  const std::string value = own_value(plain_spec(), path);
  if (value.empty()) GTEST_SKIP() << "it has none";
  EXPECT_TRUE(play(live_scenario({}, set_at("70s", path, value))) == plain_run()) << path;
}

TEST_P(LiveParameter, may_change_while_it_runs) {
  const std::string& path = GetParam();
  const std::vector<std::string> values = other_values(plain_spec(), path);
  if (values.empty()) GTEST_SKIP() << "it has no other value";
  std::string timeline;
  timeline += fmt::format("    - {{at: 33s, do: set, path: \"{}\", value: \"{}\", name: first}}\n",
                          path, values.front());
  timeline += fmt::format("    - {{at: 70s, do: set, path: \"{}\", value: \"{}\", for: 80s}}\n",
                          path, values.back());
  timeline += "    - {at: 175s, do: undo, name: first}\n";
  try {
    play(live_scenario({}, timeline));
  } catch (const InvariantError& error) {
    ADD_FAILURE() << path << " " << values.front() << " " << values.back() << ": " << error.what();
  }
}

std::vector<std::string> paths_to_play() {
  std::vector<std::string> paths;
  for (const std::string& path : live_paths(plain_spec()))
    if (looked_at(path)) paths.push_back(path);
  return paths;
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(5);
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(each, LiveParameter, ::testing::ValuesIn(paths_to_play()), test_name);

TEST(live_parameters, are_as_small_in_a_smaller_world_as_in_the_file) {
  for (const std::string& path : live_paths(plain_spec()))
    for (const std::string& value : other_values(plain_spec(), path)) {
      const Scenario written = live_scenario({path + "=" + value, "spec.scale=0.5"});
      const Scenario set = live_scenario({"spec.scale=0.5"}, set_at("10s", path, value));
      const Spec small = scaled(set.spec);
      const SetParams* params = set_params(small.timeline.back().action);
      ASSERT_NE(params, nullptr);
      EXPECT_EQ(params->value, own_value(scaled(written.spec), path)) << path;
      if (!full_tier()) break;
    }
}

}  // namespace test_live_parameters
}  // namespace stampede
