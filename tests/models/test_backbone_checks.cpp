// Regions that withdraw themselves when they reach no other.
#include <gtest/gtest.h>

#include "models/balancing/global_balancer.h"
#include "models/balancing/health_checks.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_backbone_checks {

TEST(backbone_checks, without_a_backbone_all_regions_withdraw_and_come_back_with_it) {
  World world{1};
  HandScene hand;
  HealthCheckParams params;
  params.withdraw = WithdrawWhen::kBackbone;
  GlobalBalancer balancer(world, "balancer", {}, hand.network, {1, 1});
  HealthChecks checks(world, params, hand.network, hand.routing, balancer, 2);
  checks.start();
  world.scheduler.run_until(Instant{} + 10_min);
  EXPECT_TRUE(hand.acts.done.empty());
  const IncidentId cut = world.incident("cut", "test", {}, "");
  hand.network.cut(0, Reach::kNoRoute, cut);
  world.scheduler.run_until(Instant{} + 11_min);
  EXPECT_EQ(hand.acts.done, (std::vector<std::string>{"push0", "push1"}));
  for (const Incident& i : world.journal.all())
    if (i.kind == "region_unhealthy") {
      EXPECT_EQ(i.causes, std::vector<IncidentId>{cut});
    }
  hand.network.cut(0, Reach::kReachable, kNoIncident);
  world.scheduler.run_until(Instant{} + 12_min);
  EXPECT_EQ(hand.acts.done.size(), 4U);
  world.scheduler.run_until(Instant{} + 1_h);
  EXPECT_EQ(hand.acts.done.size(), 4U);
}

}  // namespace test_backbone_checks
}  // namespace stampede
