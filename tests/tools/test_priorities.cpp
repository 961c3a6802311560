// Two classes of clients before one replica that cannot serve both.
#include <gtest/gtest.h>

#include <algorithm>

#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_priorities {

// Eight answers of 60 steps of 30 ms at a time: 4.4 a second, for 6 that come.
constexpr const char* kOverload = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: two_classes}
spec:
  duration: 10min
  demand: {rate: 6/s}
  clients:
    - {name: paid, share: 30%, priority: -1, first_prompt: {mean: 100}, answer: {mean: 60}}
    - {name: free, share: 70%, first_prompt: {mean: 100}, answer: {mean: 60}}
  regions: [{name: home, nodes: 1, pools: [{replicas: 1}]}]
  serving:
    pools:
      - name: replicas
        engine: {max_num_seqs: 8, step_per_sequence: 0s, step_per_prompt_token: 10us}
        front_end: {cpu_per_request: 1ms}
  cluster: {workloads: [{name: replicas, autoscaler: {max_replicas: 1}}]}
)";

struct Waits : RequestLog {
  std::vector<double> of[2];  // [class] until the first token [s]
  void ended(const RequestRecord& r) override {
    if (r.ttft.ns >= 0) of[r.class_id].push_back(r.ttft.seconds());
  }
  double mean(std::size_t c) const {
    double sum = 0;
    for (const double x : of[c]) sum += x;
    return sum / static_cast<double>(of[c].size());
  }
};

Waits play(const std::string& policy) {
  Waits waits;
  const std::vector<Override> sets = {{"spec.serving.pools[0].engine.scheduling_policy", policy}};
  run_simulation(load_scenario(SourceText{"two.yaml", kOverload}, sets).scenario, {}, &waits);
  return waits;
}

TEST(priorities, under_overload_the_first_class_does_not_wait) {
  const Waits waits = play("priority");
  ASSERT_GT(waits.of[0].size(), 900u);
  ASSERT_GT(waits.of[1].size(), 500u);
  EXPECT_LT(waits.mean(0), 1);
  EXPECT_GT(waits.mean(1), 60);
}

TEST(priorities, first_come_first_served_makes_both_wait_alike) {
  const Waits waits = play("fcfs");
  EXPECT_GT(waits.mean(0), 30);
  EXPECT_NEAR(waits.mean(0), waits.mean(1), 0.1 * waits.mean(1));
}

TEST(priorities, are_refused_together_with_adaptive_lifo) {
  try {
    load_scenario(SourceText{"two.yaml", kOverload},
                  {{"spec.serving.pools[0].engine.scheduling_policy", "priority"},
                   {"spec.serving.pools[0].engine.lifo_after", "1s"}});
    FAIL() << "accepted";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("not with scheduling_policy: priority"), std::string::npos)
        << e.what();
  }
}

}  // namespace test_priorities
}  // namespace stampede
