// Shards of k of n pods: two callers have j pods in common with the hypergeometric probability
// C(k, j) C(n - k, k - j) / C(n, k); all of them with 1 / C(n, k) (AWS shuffle sharding).
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_shuffle_sharding {

using Shard = std::set<u32>;

struct HandListing final : PodListingPort {
  std::set<u32> deleted;
  u32 zones() const override { return 1; }
  u32 zone_of(PodId) const override { return 0; }
  bool listed(PodId pod) const override { return deleted.count(pod) == 0; }
};

struct Gateway {
  World world{1};
  ActiveCounts active;
  HandListing listing;
  Mechanism<ReplicaChoice> choice;
  std::vector<u32> pods;
  Gateway(u32 n, u32 k)
      : choice(make_mechanism<ReplicaChoice>("shuffle_sharding",
                                             {world, "here", active, nullptr, 0, &listing},
                                             {{"shard", std::to_string(k)}})),
        pods(n) {
    std::iota(pods.begin(), pods.end(), 0U);
    choice->set_endpoints(pods);
  }
  // Each pick takes the pod with the fewest attempts: so many picks meet all of a shard.
  Shard shard(u64 caller, u32 k) {
    active.by_pod.assign(pods.empty() ? 1 : pods.back() + 1, 0);
    Shard met;
    for (u32 i = 0; i < k; ++i)
      if (const u32 pod = choice->pick(mix64(caller), i); pod != kNoPod) {
        met.insert(pod);
        ++active.by_pod[pod];
      }
    return met;
  }
  void without(const Shard& gone) {
    std::erase_if(pods, [&](u32 pod) { return gone.count(pod) > 0; });
    choice->set_endpoints(pods);
  }
};

double choose(u32 n, u32 k) {
  double c = 1;
  for (u32 i = 0; i < k; ++i) c = c * (n - i) / (i + 1);
  return c;
}

u32 in_common(const Shard& a, const Shard& b) {
  u32 n = 0;
  for (const u32 pod : a) n += b.count(pod) > 0;
  return n;
}

// 28 combinations of 2 of 8; each has its part of the callers (chi-squared, 27 degrees of freedom:
// above 55.5 once in a thousand).
TEST(shuffle_sharding, all_combinations_are_equally_likely) {
  Gateway gateway(8, 2);
  std::map<Shard, u32> callers;
  constexpr u32 kCallers = 28'000;
  for (u64 c = 0; c < kCallers; ++c) ++callers[gateway.shard(c, 2)];
  EXPECT_EQ(callers.size(), 28U);
  double chi = 0;
  for (const auto& [shard, n] : callers) {
    EXPECT_EQ(shard.size(), 2U);
    chi += (n - 1000.0) * (n - 1000.0) / 1000.0;
  }
  EXPECT_LT(chi, 55.5);
}

// Of 100 pods and shards of 5, 23 % of the others share at least one.
TEST(shuffle_sharding, shares_of_overlap_are_hypergeometric) {
  for (const auto& [n, k] : {std::pair{8U, 2U}, {20U, 4U}, {100U, 5U}}) {
    Gateway gateway(n, k);
    const Shard one = gateway.shard(1'000'000, k);
    std::vector<double> others(k + 1);
    constexpr u32 kOthers = 20'000;
    for (u64 c = 0; c < kOthers; ++c) ++others[in_common(one, gateway.shard(c, k))];
    for (u32 j = 0; j <= k; ++j) {
      const double p = choose(k, j) * choose(n - k, k - j) / choose(n, k);
      EXPECT_NEAR(others[j] / kOthers, p, 4 * std::sqrt(p * (1 - p) / kOthers) + 1e-4)
          << n << " " << k << " " << j;
    }
    if (n == 100) {
      EXPECT_NEAR(1 - others[0] / kOthers, 0.230, 0.012);
    }
  }
}

// All pods of one caller are out: 1 in 28 callers has no pod, the others have all their other ones.
TEST(shuffle_sharding, who_has_lost_its_shard_is_refused_and_nobody_else) {
  Gateway gateway(8, 2);
  std::map<u64, Shard> before;
  for (u64 c = 0; c < 5000; ++c) before[c] = gateway.shard(c, 2);
  gateway.without(before[0]);
  u32 refused = 0;
  for (u64 c = 0; c < 5000; ++c) {
    Shard left = before[c];
    for (const u32 pod : before[0]) left.erase(pod);
    EXPECT_EQ(gateway.shard(c, 2), left);
    refused += left.empty();
  }
  EXPECT_NEAR(refused, 5000 / 28.0, 50);
}

TEST(shuffle_sharding, a_pod_that_is_deleted_is_replaced_and_one_that_is_not_ready_is_not) {
  Gateway gateway(8, 2);
  const Shard before = gateway.shard(7, 2);
  const std::vector<u32> all = gateway.pods;
  gateway.without({*before.begin()});
  EXPECT_EQ(gateway.shard(7, 2).size(), 1U);
  gateway.choice->set_endpoints(all);
  EXPECT_EQ(gateway.shard(7, 2), before);
  gateway.listing.deleted = {*before.begin()};
  gateway.without({});
  const Shard after = gateway.shard(7, 2);
  EXPECT_EQ(after.size(), 2U);
  EXPECT_EQ(in_common(before, after), 1U);
}

// A ninth pod takes one place of a shard with probability 2 / 9, and never both.
TEST(shuffle_sharding, a_new_pod_changes_few_shards) {
  Gateway gateway(8, 2);
  std::vector<Shard> before;
  for (u64 c = 0; c < 9000; ++c) before.push_back(gateway.shard(c, 2));
  gateway.pods.push_back(8);
  gateway.choice->set_endpoints(gateway.pods);
  u32 changed = 0;
  for (u64 c = 0; c < 9000; ++c) {
    const Shard now = gateway.shard(c, 2);
    EXPECT_GE(in_common(before[c], now), 1U);
    changed += now != before[c];
  }
  EXPECT_NEAR(changed, 2000, 160);
}

TEST(shuffle_sharding, small_pools_are_one_shard) {
  Gateway gateway(3, 5);
  EXPECT_EQ(gateway.shard(1, 5).size(), 3U);
  gateway.choice->set_endpoints({});
  EXPECT_EQ(gateway.choice->pick(1, 1), kNoPod);
}

// ---- in the way of a request --------------------------------------------------------------------
struct Recording final : ReplicaChoice {
  PickedBy by = PickedBy::kSession;
  u32 pod = 0;
  std::set<u64> keys;
  void set_endpoints(const std::vector<u32>&) override {}
  u32 pick(u64 key, u64) override {
    keys.insert(key);
    return pod;
  }
  PickedBy picked_by() const override { return by; }
};

TEST(shuffle_sharding, a_rule_is_given_the_key_that_it_picks_by) {
  for (const PickedBy by : {PickedBy::kSession, PickedBy::kProcess, PickedBy::kClass}) {
    ClientClassParams p = Clients::single_turn();
    p.processes = 6;
    Service s(p, pools({EngineRole::kMixed}));
    Recording choice;
    choice.by = by;
    s.region.use_choice(0, &choice);
    s.run_out();
    EXPECT_EQ(choice.keys.size(), by == PickedBy::kSession   ? s.offered()
                                  : by == PickedBy::kProcess ? 6U
                                                             : 1U);
    EXPECT_EQ(s.ended(Outcome::kSucceeded), s.offered());
  }
}

TEST(shuffle_sharding, who_has_no_pod_gets_503) {
  Service s(Clients::single_turn(), pools({EngineRole::kMixed}));
  Recording choice;
  choice.pod = kNoPod;
  s.region.use_choice(0, &choice);
  s.run_out();
  EXPECT_GT(s.offered(), 500U);
  EXPECT_EQ(s.ended(Outcome::kRejected503), s.offered());
}

}  // namespace test_shuffle_sharding
}  // namespace stampede::test
