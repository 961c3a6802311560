// The smallest services that can be written: one region, one node, one replica; with everything
// that can happen to them, nothing divides by what is not there.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_small_fleets {

constexpr const char* kOne = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: one}
spec:
  duration: 20min
  demand: {rate: 2/s}
  clients:
    - {name: web, first_prompt: {mean: 100}, answer: {mean: 50}, total_timeout: 60s}
  regions: [{name: home, nodes: 1, pools: [{replicas: 1}]}]
  serving: {pools: [{name: replicas}]}
  cluster: {workloads: [{name: replicas, autoscaler: {max_replicas: 1}}]}
)";

nlohmann::json play(const std::vector<Override>& sets, std::string* incidents = nullptr) {
  const RunResults results =
      run_simulation(load_scenario(SourceText{"one.yaml", kOne}, sets).scenario, {});
  if (incidents)
    for (const Incident& i : results.incidents) *incidents += i.kind + "\n";
  return nlohmann::json::parse(results.summary_json);
}

TEST(SmallFleet, one_region_node_and_replica_serve) {
  std::string incidents;
  const auto summary = play({}, &incidents);
  EXPECT_GT(summary["requests"]["offered"].get<double>(), 2000);
  EXPECT_GT(summary["requests"]["succeeded"].get<double>(),
            0.99 * summary["requests"]["offered"].get<double>());
  EXPECT_EQ(incidents, "");
}

// There is nowhere to fail over to: its clients are down until the prefix is back.
TEST(SmallFleet, the_only_region_withdrawn_is_an_outage_that_ends) {
  std::string incidents;
  const auto summary =
      play({{"spec.timeline",
             "[{at: 5min, do: push_routing_policy, target: {region: home}, policy: {export: "
             "missing}}, {at: 10min, do: restore_routing_policy, target: {region: home}}]"}},
           &incidents);
  EXPECT_NE(incidents.find("region_unreachable"), std::string::npos) << incidents;
  EXPECT_EQ(incidents.find("failover_started"), std::string::npos) << incidents;
  EXPECT_NEAR(summary["outage"]["downtime_seconds"].get<double>(), 300, 120);
  EXPECT_TRUE(summary["outage"]["recovered"].get<bool>());
}

TEST(SmallFleet, scaled_below_one_of_everything_it_still_runs) {
  const auto summary = play({{"spec.scale", "1/100"}});
  const auto& r = summary["requests"];
  EXPECT_EQ(r["offered"].get<i64>(), r["succeeded"].get<i64>() + r["failed"].get<i64>() +
                                         r["served_elsewhere"].get<i64>() +
                                         r["in_flight"].get<i64>());
  EXPECT_GT(r["succeeded"].get<i64>(), 0);
}

}  // namespace test_small_fleets
}  // namespace stampede
