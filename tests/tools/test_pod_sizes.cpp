// Pods of several GPUs: what is counted in GPUs counts all of them, and nothing else changes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_pod_sizes {

nlohmann::json play(const std::string& gpus_per_pod) {
  const std::vector<Override> sets = {{"spec.cluster.workloads[0].gpus_per_pod", gpus_per_pod},
                                      {"spec.regions[*].nodes", "8"},
                                      {"spec.regions[*].pools[0].gpu_limit", "0"},
                                      {"spec.clients[*].total_timeout", "5s"},
                                      {"spec.duration", "5min"},
                                      {"spec.timeline", "[]"},
                                      {"spec.expect", "[]"}};
  const std::string file = source_directory() + "/scenarios/templates/init.yaml";
  return nlohmann::json::parse(run_simulation(load_scenario(file, sets).scenario, {}).summary_json);
}

TEST(pod_sizes, gpu_hours_count_every_gpu_of_a_pod) {
  const auto one = play("1"), two = play("2");
  EXPECT_EQ(one.at("requests"), two.at("requests"));
  EXPECT_EQ(one.at("latency"), two.at("latency"));
  for (const char* figure : {"busy_gpu_hours", "provisioned_gpu_hours", "wasted_gpu_hours"}) {
    const auto of = [&](const nlohmann::json& summary) {
      return summary.at("resources").at(figure).get<double>();
    };
    EXPECT_GT(of(one), 0) << figure;
    EXPECT_NEAR(of(two), 2 * of(one), 1e-9) << figure;
  }
}

}  // namespace test_pod_sizes
}  // namespace stampede
