// A zone keeps min(1, share of pods / share of tasks) of its tasks' requests; the rest goes where
// pods have a surplus; all pods get the same (Envoy).
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_zone_aware_routing {

struct HandZones final : PodListingPort {
  std::vector<u32> of;
  u32 n = 3;
  u32 zones() const override { return n; }
  u32 zone_of(PodId pod) const override { return of.at(pod); }
  bool listed(PodId) const override { return true; }
};

struct Gateway {
  World world{1};
  ActiveCounts active;
  HandZones zones;
  Mechanism<ReplicaChoice> choice;
  explicit Gateway(const std::vector<u32>& pods_of_zone,
                   const std::vector<std::pair<std::string, std::string>>& sets = {})
      : choice(make_mechanism<ReplicaChoice>("zone_aware_routing",
                                             {world, "here", active, nullptr, 0, &zones}, sets)) {
    zones.n = static_cast<u32>(pods_of_zone.size());
    for (u32 z = 0; z < zones.n; ++z)
      for (u32 k = 0; k < pods_of_zone[z]; ++k) zones.of.push_back(z);
    std::vector<u32> pods(zones.of.size());
    std::iota(pods.begin(), pods.end(), 0U);
    choice->set_endpoints(pods);
  }
  // Of the requests of tasks in each zone the share that goes to each zone; and the load of pods.
  std::map<std::pair<u64, u32>, double> between;
  std::map<u32, double> load;
  void ask(int n = 60'000) {
    for (int k = 0; k < n; ++k) {
      const auto session = static_cast<u64>(k);
      const u32 pod = choice->pick(session, session);
      const u64 from = mix64(session) % zones.n;
      between[{from, zones.of[pod]}] += static_cast<double>(zones.n) / n;
      load[pod] += static_cast<double>(zones.of.size()) / n;
    }
  }
};

TEST(zone_aware_routing, equal_zones_keep_their_requests) {
  Gateway g({4, 4, 4});
  g.ask();
  EXPECT_EQ(g.between.size(), 3U);
  for (const auto& [pod, load] : g.load) EXPECT_NEAR(load, 1, 0.03) << pod;
}

// Shares of pods 1/6, 1/2, 1/3 and of tasks 1/3 each: the first zone keeps a half, the second has
// all of the surplus.
TEST(zone_aware_routing, what_a_zone_cannot_take_goes_to_the_surplus) {
  Gateway g({2, 6, 4});
  g.ask();
  EXPECT_NEAR((g.between[{0, 0}]), 0.5, 0.02);
  EXPECT_NEAR((g.between[{0, 1}]), 0.5, 0.02);
  EXPECT_EQ((g.between.count({0, 2})), 0U);
  EXPECT_NEAR((g.between[{1, 1}]), 1, 0.02);
  EXPECT_NEAR((g.between[{2, 2}]), 1, 0.02);
  for (const auto& [pod, load] : g.load) EXPECT_NEAR(load, 1, 0.04) << pod;
}

// Pods 1/15, 8/15, 6/15: a fifth stays, the others share the rest as 3 to 1.
TEST(zone_aware_routing, surpluses_share_in_proportion) {
  Gateway g({1, 8, 6});
  g.ask();
  EXPECT_NEAR((g.between[{0, 0}]), 0.2, 0.02);
  EXPECT_NEAR((g.between[{0, 1}]), 0.6, 0.02);
  EXPECT_NEAR((g.between[{0, 2}]), 0.2, 0.02);
  for (const auto& [pod, load] : g.load) EXPECT_NEAR(load, 1, 0.05) << pod;
}

TEST(zone_aware_routing, tasks_of_a_zone_without_pods_use_all) {
  Gateway g({0, 4, 4});
  g.ask();
  EXPECT_NEAR((g.between[{0, 1}]), 0.5, 0.02);
  EXPECT_NEAR((g.between[{0, 2}]), 0.5, 0.02);
  EXPECT_EQ((g.between.count({1, 2})), 0U);
  for (const auto& [pod, load] : g.load) EXPECT_NEAR(load, 1, 0.03) << pod;
}

TEST(zone_aware_routing, small_pools_and_single_zones_are_round_robin) {
  for (const std::vector<u32>& pods : {std::vector<u32>{1, 2, 2}, {7}}) {
    Gateway g(pods);
    const auto n = static_cast<u32>(g.zones.of.size());
    for (u32 k = 0; k < 4 * n; ++k) EXPECT_EQ(g.choice->pick(k, k), k % n);
  }
  Gateway g({1, 2, 2}, {{"min_cluster_size", "5"}});
  g.ask(300);
  EXPECT_EQ((g.between.count({1, 2})), 0U);
  g.choice->set_endpoints({});
  EXPECT_EQ(g.choice->pick(1, 1), kNoPod);
}

}  // namespace test_zone_aware_routing
}  // namespace stampede::test
