// Capacity as the balancer knows it: configured for each endpoint, never what happens to be served.
#include "tools/world/endpoint_rate.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_endpoint_rate {

// Three regions of which one has no pods; the others could serve everything many times over.
constexpr const char* kThree = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: three}
spec:
  duration: 20min
  demand: {rate: 20/s}
  clients:
    - name: web
      first_prompt: {mean: 100, cv: 0}
      answer: {mean: 20, cv: 0.5}
      total_timeout: 60s
      retry: {policy: none}
  balancer: {rule: waterfall}
  regions:
    - {name: a, share: 60%, nodes: 2, pools: [{replicas: 12, min_replicas: 4}]}
    - {name: b, share: 35%, nodes: 2, pools: [{replicas: 12, min_replicas: 4}]}
    - {name: empty, share: 5%, nodes: 1, pools: [{replicas: 0, min_replicas: 0}]}
  serving:
    pools:
      - name: p
        engine:
          step_base: 30ms
          step_per_sequence: 0s
          step_per_prompt_token: 0s
          max_num_seqs: 1024
          kv_blocks: 10000000
        front_end: {cpu_per_request: 50ms}
  cluster: {workloads: [{name: p, cpu_request_milli: 1000, autoscaler: {max_replicas: 16}}]}
  kv_cache: {initial_sessions: 0, initial_bytes: 0B}
  safety: {enabled: false}
)";

Loaded load(const std::vector<Override>& sets = {}) {
  return load_scenario(SourceText{"three.yaml", kThree}, sets);
}

TEST(EndpointRate, is_what_the_front_end_or_the_engine_takes) {
  Spec spec = load().scenario.spec;
  spec.balancer.max_rate_per_endpoint.reset();
  EXPECT_NEAR(endpoint_rate(spec.serving.pools[0], spec.clients), 0.85 / 0.05,
              0.001);  // the front end's line of overload
  spec.serving.pools[0].front_end.cpu_per_request = {};
  EngineParams& engine = spec.serving.pools[0].engine;
  engine.role = EngineRole::kPrefill;
  engine.step_base = {};
  engine.step_per_prompt_token = 1_ms;
  EXPECT_NEAR(endpoint_rate(spec.serving.pools[0], spec.clients), 10, 0.1);  // 100 tokens of 1 ms
  engine.role = EngineRole::kMixed;
  engine.step_base = 100_ms;
  engine.max_num_seqs = 10;
  engine.max_num_batched_tokens = 8192;
  EXPECT_NEAR(endpoint_rate(spec.serving.pools[0], spec.clients),
              1 / (0.1 + 100 * 0.1 / 8192 + 20 * 0.1 / 10), 0.1);
}

TEST(EndpointRate, stands_in_the_manifest_and_can_be_stated) {
  const Loaded computed = load();
  EXPECT_NEAR(computed.scenario.spec.balancer.max_rate_per_endpoint->per_second, 17, 0.001);
  EXPECT_NE(computed.origins.at("spec.balancer.max_rate_per_endpoint").find("computed"),
            std::string::npos);
  EXPECT_TRUE(effective(computed.scenario)["spec"]["balancer"].contains("max_rate_per_endpoint"));
  const Loaded stated = load({{"spec.balancer.max_rate_per_endpoint", "3/s", "test"}});
  EXPECT_EQ(stated.scenario.spec.balancer.max_rate_per_endpoint->per_second, 3);
}

// Nobody's clients are left with a region that has no pods, and a fleet that shrinks with its
// demand moves nobody.
TEST(EndpointRate, an_empty_region_serves_elsewhere_and_a_healthy_one_at_home) {
  const RunResults results = run_simulation(load().scenario, {});
  const auto summary = nlohmann::json::parse(results.summary_json);
  const auto& r = summary["requests"];
  EXPECT_GT(r["succeeded"].get<double>(), 0.99 * r["offered"].get<double>());
  EXPECT_TRUE(results.incidents.empty());
  double moved = 0, routed = 0;
  for (std::size_t c = 0; c < results.series_columns.size(); ++c) {
    const double last =
        results.series_values[results.series_values.size() - results.series_columns.size() + c];
    if (results.series_columns[c].component != "balancer") continue;
    if (results.series_columns[c].name == "moved_total") moved = last;
    if (results.series_columns[c].name == "routed_total") routed = last;
  }
  EXPECT_NEAR(moved / routed, 0.05, 0.01);  // those at home in the empty region
}

}  // namespace test_endpoint_rate
}  // namespace stampede
