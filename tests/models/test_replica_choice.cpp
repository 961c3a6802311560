// Replica choosers: uniformity, balance, stickiness, and what long connections do to a scale-out.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "models/balancing/replica_choice.h"

namespace stampede {
namespace test_replica_choice {

std::vector<u32> pods(u32 n, u32 first = 0) {
  std::vector<u32> out(n);
  std::iota(out.begin(), out.end(), first);
  return out;
}

struct Fixture {
  explicit Fixture(ChoiceKind kind) { params.policy = kind; }
  std::unique_ptr<ReplicaChoice> make() {
    return make_live_choice(std::make_shared<const ReplicaChoiceParams>(params), world,
                            "region/gateway", active);
  }
  void opened(u32 pod) {
    if (pod >= active.by_pod.size()) active.by_pod.resize(pod + 1, 0);
    ++active.by_pod[pod];
    ++active.total;
  }
  void closed(u32 pod) {
    --active.by_pod[pod];
    --active.total;
  }
  World world{11};
  ActiveCounts active;
  ReplicaChoiceParams params;
};

const ChoiceKind kAll[] = {ChoiceKind::kRoundRobin, ChoiceKind::kRoundRobinConnections,
                           ChoiceKind::kLeastRequest, ChoiceKind::kPowerOfTwo,
                           ChoiceKind::kSessionAffinity};

TEST(replica_choice, no_endpoints_no_pod_and_only_known_pods) {
  for (const ChoiceKind kind : kAll) {
    Fixture f(kind);
    auto choice = f.make();
    EXPECT_EQ(choice->pick(1, 1), kNoPod);
    choice->set_endpoints({3, 5, 9});
    for (u64 k = 0; k < 300; ++k)
      EXPECT_TRUE((std::set<u32>{3, 5, 9}).count(choice->pick(k, k)) == 1);
    choice->set_endpoints({5});
    for (u64 k = 0; k < 300; ++k) EXPECT_EQ(choice->pick(k, k), 5U);
    choice->set_endpoints({});
    EXPECT_EQ(choice->pick(1, 1), kNoPod);
  }
}

TEST(replica_choice, idle_pods_are_chosen_uniformly) {
  for (const ChoiceKind kind : kAll) {
    Fixture f(kind);
    f.params.connections = 50'000;
    f.params.balance_factor = 0;
    f.params.ring_points = 400;
    auto choice = f.make();
    choice->set_endpoints(pods(50));
    std::vector<double> hits(50, 0.0);
    constexpr double kN = 100'000;
    for (u64 k = 0; k < static_cast<u64>(kN); ++k) ++hits[choice->pick(k, k * 7 + 1)];
    double chi = 0;
    for (double h : hits) chi += (h - kN / 50) * (h - kN / 50) / (kN / 50);
    if (kind == ChoiceKind::kSessionAffinity) {  // arcs of 400 points: 5 % deviation of a share
      for (double h : hits) EXPECT_NEAR(h, kN / 50, 0.2 * kN / 50);
    } else if (kind == ChoiceKind::kRoundRobinConnections) {
      for (double h : hits) EXPECT_NEAR(h, kN / 50, 0.12 * kN / 50);
    } else {
      EXPECT_LT(chi, 85.4);  // 99.9 % of chi-squared with 49 degrees of freedom
    }
  }
}

TEST(replica_choice, round_robin_is_exact) {
  Fixture f(ChoiceKind::kRoundRobin);
  auto choice = f.make();
  choice->set_endpoints(pods(7));
  std::vector<int> hits(7, 0);
  for (u64 k = 0; k < 700; ++k) ++hits[choice->pick(k, k)];
  for (int h : hits) EXPECT_EQ(h, 100);
}

// n balls into n bins: the fullest holds ln n / ln ln n with one choice, ln ln n / ln 2 with two.
TEST(replica_choice, two_choices_flatten_the_peak) {
  Fixture f(ChoiceKind::kPowerOfTwo);
  auto choice = f.make();
  constexpr u32 kN = 10'000;
  choice->set_endpoints(pods(kN));
  std::vector<u32> one(kN, 0);
  for (u64 k = 0; k < kN; ++k) {
    f.opened(choice->pick(k, k));
    ++one[mix64(k ^ 77) % kN];
  }
  EXPECT_LE(*std::max_element(f.active.by_pod.begin(), f.active.by_pod.end()), 4U);
  EXPECT_GE(*std::max_element(one.begin(), one.end()), 6U);
}

TEST(replica_choice, least_request_takes_the_emptiest) {
  Fixture f(ChoiceKind::kLeastRequest);
  auto choice = f.make();
  choice->set_endpoints(pods(100));
  for (u64 k = 0; k < 1000; ++k) f.opened(choice->pick(k, k));
  for (u32 load : f.active.by_pod) EXPECT_EQ(load, 10U);
  f.closed(42);
  EXPECT_EQ(choice->pick(1, 1), 42U);
}

TEST(replica_choice, affinity_keeps_sessions_and_moves_one_share_of_them) {
  Fixture f(ChoiceKind::kSessionAffinity);
  f.params.balance_factor = 0;
  auto choice = f.make();
  choice->set_endpoints(pods(20));
  std::vector<u32> before;
  for (u64 k = 0; k < 20'000; ++k) before.push_back(choice->pick(k, k));
  auto without = pods(20);
  without.erase(without.begin() + 7);
  choice->set_endpoints(without);
  int moved = 0;
  for (u64 k = 0; k < 20'000; ++k) {
    const u32 now = choice->pick(k, k + 1);
    if (now == before[k]) continue;
    EXPECT_EQ(before[k], 7U);
    ++moved;
  }
  EXPECT_NEAR(moved, 1000, 300);
  choice->set_endpoints(pods(20));
  for (u64 k = 0; k < 20'000; ++k) EXPECT_EQ(choice->pick(k, k), before[k]);
}

TEST(replica_choice, affinity_respects_the_load_bound) {
  Fixture f(ChoiceKind::kSessionAffinity);
  auto choice = f.make();
  choice->set_endpoints(pods(10));
  for (u64 k = 0; k < 10'000; ++k) f.opened(choice->pick(k / 500, k));  // 20 hot sessions
  for (u32 load : f.active.by_pod) EXPECT_LE(load, 1251U);
}

// Scale-out from 100 to 500 pods: connections keep what they have, so that t = 0.575 of their mean
// life later the old 20 % of the pods carry p + (1 - p)/5 = 65 %, p = exp(-0.575).
double old_pods_share(Fixture& f, double t) {
  auto choice = f.make();
  choice->set_endpoints(pods(100));
  constexpr u64 kSessions = 400'000;
  for (u64 k = 0; k < kSessions; ++k) choice->pick(k, k);
  choice->set_endpoints(pods(500));
  f.world.scheduler.run_until(f.world.now() + from_seconds(t));
  double old = 0;
  for (u64 k = 0; k < kSessions; ++k)
    if (choice->pick(k, k) < 100) ++old;
  return old / kSessions;
}

TEST(replica_choice, long_connections_leave_65_percent_on_20_percent_of_the_pods) {
  Fixture f(ChoiceKind::kRoundRobinConnections);
  f.params.connections = 20'000;
  f.params.connection_life = 1000_s;
  const double share = old_pods_share(f, 575);
  EXPECT_NEAR(share, 0.65, 0.01);
  // Hot pods at share / 0.2 of the mean: they saturate when the mean load is at 31 %.
  EXPECT_NEAR(0.2 / share, 0.31, 0.005);
}

TEST(replica_choice, connections_that_never_end_leave_new_pods_idle_and_a_maximum_age_cures_it) {
  Fixture pinned(ChoiceKind::kRoundRobinConnections);
  pinned.params.connections = 20'000;
  EXPECT_EQ(old_pods_share(pinned, 3600), 1);
  Fixture aged(ChoiceKind::kRoundRobinConnections);
  aged.params.connections = 20'000;
  aged.params.max_connection_age = 300_s;
  EXPECT_NEAR(old_pods_share(aged, 331), 0.2, 0.01);
  Fixture young(ChoiceKind::kRoundRobinConnections);
  young.params.connections = 20'000;
  young.params.max_connection_age = 300_s;
  EXPECT_EQ(old_pods_share(young, 269), 1);
}

}  // namespace test_replica_choice
}  // namespace stampede
