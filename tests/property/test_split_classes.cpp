// The same clients, written as one class or as several, retry as much: whatever a client process
// keeps belongs to it and not to a class or a home region.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_split_classes {

struct Client {
  std::string retry, breaker = "none", limit = "{requests: 100, window: 10s}";
  int processes = 0;  // in all; 0: not said
  std::string timeline = "[]";
};

std::string scenario(const Client& client, int parts, int regions, int seed) {
  std::string classes, places;
  for (int k = 0; k < parts; ++k)
    classes += fmt::format(
        "    - {{name: w{}, share: {}%, first_prompt: {{mean: 50, cv: 0}}, answer: {{mean: 5, cv: "
        "0}}, "
        "processes: {}, retry: {}, breaker: {{policy: {}}}}}\n",
        k, 100.0 / parts, client.processes / parts, client.retry, client.breaker);
  for (int k = 0; k < regions; ++k)
    places += fmt::format("    - {{name: r{}, share: {}%, nodes: 1, pools: [{{replicas: 4}}]}}\n",
                          k, 100.0 / regions);
  return fmt::format(R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {{name: split}}
spec:
  seed: {}
  duration: 20min
  demand: {{rate: 20/s}}
  clients:
{}
  gateway: {{rate_limit: {}}}
  regions:
{}
  serving: {{pools: [{{name: replicas, engine: {{step_base: 5ms, max_num_seqs: 256}},
                     front_end: {{cpu_per_request: 1ms}}}}]}}
  cluster: {{workloads: [{{name: replicas}}]}}
  kv_cache: {{initial_sessions: 0, initial_bytes: 0B}}
  safety: {{enabled: false}}
  timeline: {}
)",
                     seed, classes, client.limit, places, client.timeline);
}

struct Mean {
  double value = 0, error = 0;  // of the mean
};

// Attempts and retries of some seeds.
std::pair<Mean, Mean> play(const Client& client, int parts, int regions = 1) {
  constexpr int kSeeds = 8;
  double sum[2] = {}, square[2] = {};
  for (int seed = 1; seed <= kSeeds; ++seed) {
    const std::string text = scenario(client, parts, regions, seed);
    const Scenario s = load_scenario(SourceText{"split.yaml", text}, {}).scenario;
    const auto summary = nlohmann::json::parse(run_simulation(s, nullptr).summary_json);
    const double counts[] = {summary["attempts"]["total"].get<double>(),
                             summary["attempts"]["retries"].get<double>()};
    for (int k = 0; k < 2; ++k) {
      sum[k] += counts[k];
      square[k] += counts[k] * counts[k];
    }
  }
  const auto mean = [&](int k) {
    const double m = sum[k] / kSeeds;
    const double variance = std::max(0.0, square[k] / kSeeds - m * m) / (kSeeds - 1);
    return Mean{m, std::sqrt(variance)};
  };
  return {mean(0), mean(1)};
}

// Other arrivals are drawn: five standard errors of the difference, which must be small.
void expect_equal(const Mean& one, const Mean& other) {
  const double error = std::sqrt(one.error * one.error + other.error * other.error);
  EXPECT_LT(error, 0.05 * one.value + 5);
  EXPECT_NEAR(one.value, other.value, 5 * error + 1e-9);
}

void expect_same(const Client& client, int parts) {
  const auto [attempts, retries] = play(client, 1);
  const auto [attempts_split, retries_split] = play(client, parts);
  SCOPED_TRACE(fmt::format("{} {} as {}", client.retry, client.breaker, parts));
  expect_equal(attempts, attempts_split);
  expect_equal(retries, retries_split);
}

const char* kRetries[] = {"{policy: aws_standard_2026, budget: aws_quota}",
                          "{policy: exponential, budget: token_bucket}",
                          "{policy: fixed, budget: grpc_throttling}",
                          "{policy: fixed, budget: finagle}",
                          "{policy: fixed, budget: finagle, budget_ratio: 1, budget_window: 60s}",
                          "{policy: openai, budget: adaptive}",
                          "{policy: openai_2026}",
                          "{policy: envoy}"};

TEST(split_classes, every_budget) {
  for (const char* retry : kRetries)
    for (const int parts : {5, 40}) expect_same({retry}, parts);
}

TEST(split_classes, every_budget_of_stated_processes) {
  for (const char* retry : kRetries) {
    Client client{retry};
    client.processes = 20;
    expect_same(client, 10);
  }
}

TEST(split_classes, every_breaker) {
  for (const char* breaker : {"resilience4j", "hystrix"})
    for (const int processes : {0, 20}) {
      Client client{"{policy: fixed, max_attempts: 2}", breaker};
      client.processes = processes;
      expect_same(client, 10);
    }
}

TEST(split_classes, every_limiter) {
  for (const char* limit : {"{requests: 3000, window: 5min}", "{requests: 10, window: 1s}",
                            "{requests: 0, window: 1s}"}) {
    Client client{"{policy: exponential, budget: token_bucket}"};
    client.limit = limit;
    expect_same(client, 20);
  }
}

// A share of the attempts fails wherever they go, so that two regions are no other servers than
// one. Far from half of them, where adaptive throttling with K = 2 stands on its edge.
TEST(split_classes, home_regions_divide_the_processes_and_not_the_budgets) {
  for (const char* retry : kRetries) {
    Client client{retry};
    client.limit = "{requests: 0, window: 1s}";
    client.timeline = "[{at: 0s, do: shed, share: 25%}]";
    const auto [attempts, retries] = play(client, 1);
    const auto [attempts_split, retries_split] = play(client, 1, 2);
    SCOPED_TRACE(retry);
    expect_equal(attempts, attempts_split);
    expect_equal(retries, retries_split);
  }
}

// What the number of processes is for: each starts with 500 tokens, of which a retry after a 429
// costs five.
TEST(split_classes, more_processes_have_more_to_spend) {
  Client few{"{policy: aws_standard_2026, budget: aws_quota}"}, many = few;
  few.processes = 1;
  many.processes = 100;
  EXPECT_GT(play(many, 1).second.value, play(few, 1).second.value + 99 * 100);
}

}  // namespace test_split_classes
}  // namespace stampede
