// A pool whose engines have too much to do is told as saturated, by what brought that, until
// requests wait for a short time again; where nothing is known too, and never in one that manages.
#include <gtest/gtest.h>

#include "tests/tools/played_text.h"

namespace stampede::test {
namespace test_pool_saturated {

// Eight engines of eight places, a second an answer: 64 requests a second.
Played small(const std::string& timeline, const std::string& rate = "40/s",
             const std::string& patience = "20s") {
  return play_text(R"(
apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: lines}
spec:
  duration: 40min
  demand: {rate: )" +
                   rate +
                   R"(, curve: flat}
  clients:
    - {name: web, first_prompt: {mean: 100}, answer: {mean: 50}, total_timeout: )" +
                   patience + R"(, retry: {policy: none}}
  serving:
    pools:
      - name: web
        engine: {step_base: 20ms, step_per_sequence: 0s, step_per_prompt_token: 1us,
                 max_num_seqs: 8}
        front_end: {cores: 8, cpu_per_request: 5ms}
  regions: [{name: us, nodes: 1, pools: [{replicas: 8}]}]
  cluster: {gpus_per_node: 8, workloads: [{name: web, gpus_per_pod: 1}]}
  kv_cache: {capacity: 100TB, initial_sessions: 0, initial_bytes: 0B, fencing: true}
  safety: {enabled: false}
  timeline: [)" + timeline +
                   "]\n");
}

struct Case {
  std::string change, root, because;
};
class Saturated : public testing::TestWithParam<Case> {};

TEST_P(Saturated, is_told_once_with_what_brought_it_and_ends) {
  const Case& c = GetParam();
  const Played run = small(c.change);
  ASSERT_EQ(run.count("pool_saturated"), 1U);
  ASSERT_EQ(run.count("pool_relieved"), 1U);
  for (const Incident& i : run.incidents) {
    if (i.kind != "pool_saturated" && i.kind != "pool_relieved") continue;
    EXPECT_EQ(i.component, "us/web");
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{c.root});
    EXPECT_GE(i.at.seconds(), 10 * kMinute + 30);
    if (i.kind == "pool_saturated") {
      EXPECT_TRUE(causes_of(run, i).contains(c.because));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    all, Saturated,
    testing::Values(
        Case{"{at: 10min, do: spike, factor: 2.5, for: 5min}", "spike", "spike"},
        Case{"{at: 10min, do: set, path: spec.demand.rate, value: 100/s, for: 5min}", "set", "set"},
        Case{"{at: 10min, do: set, path: 'spec.serving.pools[0].engine.step_base', value: 50ms, "
             "for: 5min}",
             "set", "set"},
        Case{"{at: 10min, do: slow_pods, target: {region: us, count: 2}, factor: 5, for: 5min}",
             "slow_pods", "pods_slowed"},
        Case{"{at: 10min, do: kill_pods, target: {region: us, count: 6}}", "kill_pods",
             "pods_killed"}),
    [](const auto& of) { return "n" + std::to_string(of.index) + "_" + of.param.root; });

TEST(saturated, a_fleet_that_is_too_small_is_told_without_a_cause) {
  const Played run = small("", "90/s");
  ASSERT_EQ(run.count("pool_saturated"), 1U);
  EXPECT_TRUE(run.incidents[0].causes.empty());
  EXPECT_EQ(run.count("pool_relieved"), 0U);
  EXPECT_GT(run.requests.span(10, 35).lost_share(), 0.2);
}

// At half of what it can and nearly all of it; and a burst that patience covers.
TEST(saturated, a_fleet_that_manages_is_not) {
  EXPECT_EQ(small("").count("pool_saturated"), 0U);
  EXPECT_EQ(small("", "58/s").count("pool_saturated"), 0U);
  const std::string burst = "{at: 10min, do: spike, factor: 2.5, for: 30s}";
  EXPECT_EQ(small(burst, "40/s", "5min").count("pool_saturated"), 0U);
}

}  // namespace test_pool_saturated
}  // namespace stampede::test
