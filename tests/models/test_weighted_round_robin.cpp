// weight = qps / (utilization + eps / qps x penalty), by earliest deadline first; blackout,
// expiration and the mean for who has none (gRFC A58).
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_weighted_round_robin {

using Sets = std::vector<std::pair<std::string, std::string>>;

struct HandPods final : PodSignalsPort {
  std::vector<PodGauges> now;
  PodGauges gauges(PodId pod) override { return now.at(pod); }
  void listen(WorkloadId, KvEvents&) override {}
  void tell_events(PodId) override {}
};

struct Pool {
  World world{1};
  ActiveCounts active;
  HandPods pods;
  Mechanism<ReplicaChoice> choice;
  std::vector<u32> failing;  // [pod] of each ten that end
  explicit Pool(u32 n, const Sets& sets = {})
      : choice(make_mechanism<ReplicaChoice>("weighted_round_robin",
                                             {world, "here", active, &pods, 0}, sets)) {
    pods.now.resize(n);
    failing.resize(n);
    for (PodGauges& p : pods.now) p.kv_blocks = 1000;
    std::vector<u32> all(n);
    std::iota(all.begin(), all.end(), 0U);
    choice->set_endpoints(all);
  }
  void use(std::vector<u32> of_thousand) {
    for (std::size_t p = 0; p < pods.now.size(); ++p) pods.now[p].kv_blocks_used = of_thousand[p];
  }
  // For a time, so many requests a second end at each pod.
  void serve(Duration d, const std::vector<u32>& rates) {
    for (i64 s = 0; s < d.ns / 1'000'000'000; ++s) {
      for (u32 pod = 0; pod < rates.size(); ++pod)
        for (u32 k = 0; k < rates[pod]; ++k)
          choice->observer()->ended(
              pod, k % 10 < failing[pod] ? Outcome::kTruncated : Outcome::kSucceeded, 1_s,
              world.now());
      world.scheduler.run_until(world.now() + 1_s);
    }
  }
  std::vector<double> shares(int n = 20'000) {
    std::vector<double> of(pods.now.size());
    for (int k = 0; k < n; ++k) of[choice->pick(1, static_cast<u64>(k))] += 1.0 / n;
    return of;
  }
  void expect_weights(const std::vector<double>& weights) {
    double sum = 0;
    for (const double w : weights) sum += w;
    const std::vector<double> is = shares();
    for (std::size_t p = 0; p < weights.size(); ++p)
      EXPECT_NEAR(is[p], weights[p] / sum, 2e-4) << p;
  }
};

TEST(weighted_round_robin, is_round_robin_before_the_blackout_is_over) {
  Pool pool(3);
  pool.use({100, 200, 400});
  pool.expect_weights({1, 1, 1});
  pool.serve(19_s, {10, 10, 10});  // the first report came at 10 s
  pool.expect_weights({1, 1, 1});
  pool.serve(1_s, {10, 10, 10});
  pool.expect_weights({10 / 0.1, 10 / 0.2, 10 / 0.4});
}

TEST(weighted_round_robin, more_answers_for_less_use_weigh_more) {
  Pool pool(3);
  pool.use({500, 500, 250});
  pool.serve(30_s, {20, 10, 10});
  pool.expect_weights({40, 20, 40});
}

// A pod of which three in ten fail seems to be used by 0.3 more.
TEST(weighted_round_robin, errors_count_as_use) {
  for (const double penalty : {1.0, 0.0, 2.5}) {
    Pool pool(2, {{"penalty", std::to_string(penalty)}});
    pool.use({200, 200});
    pool.failing = {0, 3};
    pool.serve(30_s, {10, 10});
    pool.expect_weights({10 / 0.2, 10 / (0.2 + 0.3 * penalty)});
  }
}

// The mean of 100 and 50; with one weight alone all are alike.
TEST(weighted_round_robin, a_pod_without_reports_has_the_mean) {
  Pool pool(3);
  pool.use({100, 200, 0});
  pool.serve(30_s, {10, 10, 0});
  pool.expect_weights({100, 50, 75});
  Pool one(3);
  one.use({100, 0, 0});
  one.serve(30_s, {10, 0, 0});
  one.expect_weights({1, 1, 1});
}

TEST(weighted_round_robin, old_reports_are_forgotten_and_new_ones_wait_again) {
  Pool pool(3);
  pool.use({100, 200, 400});
  pool.serve(30_s, {10, 10, 10});
  pool.serve(179_s, {10, 10, 0});  // the last report of pod 2 came at 30 s
  pool.expect_weights({100, 50, 25});
  pool.serve(1_s, {10, 10, 0});
  pool.expect_weights({100, 50, 75});
  pool.serve(10_s, {10, 10, 10});  // it reports again
  pool.expect_weights({100, 50, 75});
  pool.serve(10_s, {10, 10, 10});
  pool.expect_weights({100, 50, 25});
}

TEST(weighted_round_robin, a_pod_that_comes_again_begins_without_a_weight) {
  Pool pool(3);
  pool.use({100, 200, 400});
  pool.serve(30_s, {10, 10, 10});
  pool.choice->set_endpoints({0, 1});
  pool.choice->set_endpoints({0, 1, 2});
  pool.expect_weights({100, 50, 75});
}

TEST(weighted_round_robin, new_weights_wait_for_the_next_update) {
  Pool pool(2, {{"update", "4s"}, {"blackout", "0s"}});
  pool.use({100, 400});
  pool.serve(8_s, {10, 10});
  pool.shares(1);  // made anew at 8 s
  pool.serve(3_s, {10, 10});
  pool.expect_weights({1, 1});
  pool.serve(1_s, {10, 10});
  pool.expect_weights({4, 1});
}

TEST(weighted_round_robin, without_pods_there_is_none) {
  Pool pool(2);
  pool.choice->set_endpoints({});
  EXPECT_EQ(pool.choice->pick(1, 1), kNoPod);
}

}  // namespace test_weighted_round_robin
}  // namespace stampede::test
