// The published day of DeepSeek's service: hourly demand in, the published figures out, and gone
// with what brings them about.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_deepseek_day {

// Mean occupied nodes by hour from 12:00 China time: DeepSeek open-infra-index, day 6, digitised.
constexpr std::array<double, 24> kNodes = {278, 278, 278, 278, 278, 278,   278,   278,
                                           278, 278, 278, 278, 218, 195.5, 150.5, 83,
                                           68,  68,  83,  158, 248, 278,   278,   278};

struct Day {
  RunResults results;
  double scale = 1;
  nlohmann::json summary;
  explicit Day(const std::string& divisor, const std::vector<std::string>& sets = {}) {
    std::vector<Override> overrides{parse_set("spec.scale=1/" + divisor)};
    for (const std::string& s : sets) overrides.push_back(parse_set(s));
    const Loaded loaded =
        load_scenario(source_directory() + "/scenarios/02-deepseek-day.yaml", overrides);
    scale = loaded.scenario.spec.scale;
    results = run_simulation(loaded.scenario, {});
    summary = nlohmann::json::parse(results.summary_json);
  }
  // Mean nodes in use in each hour.
  std::array<double, 24> nodes() const {
    std::size_t column = 0;
    while (results.series_columns[column].name != "gpus_serving") ++column;
    std::array<double, 24> sum{}, count{};
    for (std::size_t i = 0; i < results.series_times.size(); ++i) {
      const auto hour =
          std::min<std::size_t>(23, static_cast<std::size_t>((results.series_times[i] - 1) / 3600));
      sum[hour] += results.series_values[i * results.series_columns.size() + column] / 8 / scale;
      ++count[hour];
    }
    for (std::size_t h = 0; h < 24; ++h) sum[h] /= count[h];
    return sum;
  }
};

TEST(deepseek_day, meets_the_published_figures) {
  const Day day("50");
  for (const std::string& wrong : day.results.failed_expectations) ADD_FAILURE() << wrong;
  const double speed = 1 / day.summary["latency"]["tpot_seconds"]["mean"].get<double>();
  EXPECT_GE(speed, 20);
  EXPECT_LE(speed, 22);
  EXPECT_GT(day.summary["requests"]["succeeded"].get<double>(),
            0.998 * day.summary["requests"]["offered"].get<double>());
  // Hour by hour the nodes follow as published: within a twentieth of the fleet in the mean.
  const auto nodes = day.nodes();
  double off = 0;
  for (std::size_t h = 0; h < 24; ++h) off += std::abs(nodes[h] - kNodes[h]) / 24;
  EXPECT_LT(off, 278.0 / 20);
}

// Without an autoscaler the night is as large as the day, and faster.
TEST(deepseek_day, nodes_follow_demand_through_the_autoscaler_only) {
  const Day day("100", {"spec.cluster.workloads.prefill.autoscaler.enabled=false",
                        "spec.cluster.workloads.decode.autoscaler.enabled=false"});
  const auto nodes = day.nodes();
  for (std::size_t h = 0; h < 24; ++h) EXPECT_NEAR(nodes[h], nodes[0], 0.01) << h;
  EXPECT_GT(1 / day.summary["latency"]["tpot_seconds"]["mean"].get<double>(), 21);
}

}  // namespace test_deepseek_day
}  // namespace stampede
