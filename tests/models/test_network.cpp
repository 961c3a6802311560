// The network component: quiet without a cause, dark at once after a withdrawal, back after it.
#include <gtest/gtest.h>

#include "models/network/network.h"

namespace stampede {
namespace {

const std::vector<NetworkRegion> kRegions{{"apac"}, {"na"}, {"eu"}};

u32 reached(const Network& network, RegionId region) {
  u32 count = 0;
  for (ClientNetwork c = 0; c < network.client_networks(); ++c)
    count += network.path(c, region).reach == Reach::kReachable;
  return count;
}

struct Listener : PathListener {
  std::vector<RegionId> told;
  void paths_changed(RegionId region) override { told.push_back(region); }
};

TEST(network, starts_converged_and_stays_so_without_a_cause) {
  World world(1);
  Network network(world, {}, kRegions);
  Listener listener;
  network.add_listener(&listener);
  EXPECT_EQ(network.client_networks(), 24);
  for (RegionId r = 0; r < 3; ++r) EXPECT_EQ(reached(network, r), 24u);
  world.scheduler.run_until(Instant{} + 10_h);
  EXPECT_EQ(world.scheduler.handled(), 0u);
  EXPECT_TRUE(world.journal.all().empty());
  EXPECT_TRUE(listener.told.empty());
  for (ClientNetwork c = 0; c < 24; ++c)
    for (RegionId r = 0; r < 3; ++r) {
      EXPECT_EQ(network.path(c, r).changed, 0u);
      EXPECT_GT(network.path(c, r).round_trip.ns, 0);
    }
}

TEST(network, weights_sum_to_one_in_each_region) {
  World world(1);
  Network network(world, {}, kRegions);
  double sum[3] = {};
  for (ClientNetwork c = 0; c < network.client_networks(); ++c)
    sum[network.home(c)] += network.weight(c);
  for (const double s : sum) EXPECT_NEAR(s, 1, 1e-12);
}

TEST(network, a_withdrawal_breaks_data_at_once_and_a_restore_brings_it_back) {
  World world(1);
  Network network(world, {}, kRegions);
  world.scheduler.run_until(Instant{} + 10_min);
  const IncidentId pushed = network.push_policy(0, {});
  world.scheduler.run_until(Instant{} + 10_min + 3_s);
  EXPECT_EQ(reached(network, 0), 0u);  // though the speakers still look for paths
  EXPECT_EQ(reached(network, 1), 24u);
  EXPECT_EQ(reached(network, 2), 24u);
  EXPECT_NE(network.between(1, 0).reach, Reach::kReachable);
  EXPECT_EQ(network.between(0, 1).reach, Reach::kBlackHole);  // no way back
  EXPECT_EQ(network.between(1, 2).reach, Reach::kReachable);
  const std::vector<Incident>& all = world.journal.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].kind, "prefix_withdrawn");
  EXPECT_EQ(all[1].causes, std::vector<IncidentId>{pushed});
  for (ClientNetwork c = 0; c < 24; ++c) {
    EXPECT_EQ(network.path(c, 0).cause, all[1].id);
    EXPECT_EQ(network.path(c, 0).changed, 1u);
  }
  world.scheduler.run_until(Instant{} + 1_h);
  EXPECT_EQ(reached(network, 0), 0u);
  for (ClientNetwork c = 0; c < 24; ++c)
    EXPECT_EQ(network.path(c, 0).reach, Reach::kNoRoute);  // no ghost is left
  const IncidentId repair = world.incident("operator", "test", {}, "");
  network.restore_policy(0, repair);
  world.scheduler.run_until(Instant{} + 2_h);
  EXPECT_EQ(reached(network, 0), 24u);
  EXPECT_EQ(all.back().kind, "prefix_restored");
  EXPECT_EQ(all.back().causes, std::vector<IncidentId>{repair});
  EXPECT_EQ(world.scheduler.pending_count(), 0u);
}

}  // namespace
}  // namespace stampede
