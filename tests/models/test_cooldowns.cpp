// Cool-downs of gateways: LiteLLM's rule, for regions and for pods as deployments.
#include "models/balancing/global_balancer.h"
#include "models/mitigations/cooldown_rule.h"
#include "models/ports/endpoint_filter_port.h"
#include "models/ports/region_filter_port.h"
#include "tests/models/client_fixture.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_cooldowns {

Instant at(double seconds) { return Instant{} + from_seconds(seconds); }

// Attempts one second apart; which of them takes the deployment out, from 1; 0: none.
int out_at(const CooldownParams<false>& p, const std::vector<Outcome>& outcomes,
           bool alone = false) {
  Deployment d;
  for (std::size_t k = 0; k < outcomes.size(); ++k)
    if (cools_down(p, d, outcomes[k], alone, at(static_cast<double>(k))))
      return static_cast<int>(k) + 1;
  return 0;
}

TEST(cooldown_rule, by_what_failed_and_how_much) {
  const Outcome ok = Outcome::kSucceeded, slow = Outcome::kTimeout, full = Outcome::kRejected503;
  const CooldownParams<false> p;
  EXPECT_EQ(out_at(p, {ok, Outcome::kRejected429}), 2) << "throttled: at once";
  EXPECT_EQ(out_at(p, {Outcome::kAuthFailed}), 1);
  EXPECT_EQ(out_at(p, {slow, slow, slow, slow}), 0) << "fewer than five say nothing";
  EXPECT_EQ(out_at(p, {slow, slow, full, slow, full}), 5);
  EXPECT_EQ(out_at(p, {ok, ok, ok, full, full, full}), 0) << "half is not more than half";
  EXPECT_EQ(out_at(p, {ok, ok, ok, full, full, full, full}), 7);
  EXPECT_EQ(out_at(p, std::vector<Outcome>(50, Outcome::kPoisoned)), 0);
  CooldownParams<false> counted;
  counted.allowed_fails = 3;
  EXPECT_EQ(out_at(counted, {ok, full, ok, ok, ok, ok, full, ok, full, ok, full}), 11);
}

TEST(cooldown_rule, one_that_stands_alone_is_spared) {
  CooldownParams<false> p;
  EXPECT_EQ(out_at(p, std::vector<Outcome>(59, Outcome::kRejected429), true), 0);
  p.least_single = 30;
  EXPECT_EQ(out_at(p, std::vector<Outcome>(59, Outcome::kTimeout), true), 30);
}

TEST(cooldown_rule, a_new_minute_counts_anew) {
  const CooldownParams<false> p;
  Deployment d;
  for (int k = 0; k < 4; ++k) EXPECT_FALSE(cools_down(p, d, Outcome::kTimeout, false, at(59)));
  EXPECT_FALSE(cools_down(p, d, Outcome::kTimeout, false, at(60)));
}

TEST(region_cooldown, is_for_all_clients_and_ends_by_itself) {
  World world{5};
  HandPath network;
  GlobalBalancerParams params;
  params.ttl = {};
  params.hold_down = {};
  GlobalBalancer balancer(world, "balancer", params, network, {100, 100});
  auto filter = make_mechanism<RegionFilter>("region_cooldown", {world, "balancer", 2});
  balancer.connect({filter.object.get()});
  EXPECT_EQ(balancer.share(0, 0), 1);
  const IncidentId cause = world.incident("root", "test", {}, "");
  for (int k = 0; k < 5; ++k) balancer.ended(0, Outcome::kRejected503, cause);
  EXPECT_EQ(balancer.share(0, 0), 0) << "at once, not at the end of an interval";
  EXPECT_EQ(balancer.share(0, 1), 1);
  EXPECT_EQ(world.journal.all().at(1).kind, "region_cooled_down");
  EXPECT_EQ(world.journal.all().at(1).causes, std::vector<IncidentId>{cause});
  world.scheduler.run_until(at(4.9));
  EXPECT_EQ(balancer.share(0, 0), 0);
  world.scheduler.run_until(at(5.1));
  EXPECT_EQ(balancer.share(0, 0), 1);
}

TEST(region_cooldown, all_may_be_out_and_then_nothing_is_sent_unless_in_panic) {
  for (const bool panic : {false, true}) {
    World world{5};
    HandPath network;
    GlobalBalancerParams params;
    params.ttl = {};
    params.panic = panic;
    GlobalBalancer balancer(world, "balancer", params, network, {100, 100});
    auto filter = make_mechanism<RegionFilter>("region_cooldown", {world, "balancer", 2});
    balancer.connect({filter.object.get()});
    for (RegionId r = 0; r < 2; ++r) balancer.ended(r, Outcome::kRejected429, kNoIncident);
    const RegionRoute route = balancer.route(0, 0, 1);
    EXPECT_EQ(route.region, panic ? 0 : kNoRegion);
    EXPECT_EQ(route.verdict.accepted(), panic);
  }
}

TEST(pod_cooldown, takes_a_pod_out_and_returns_it) {
  World world{1};
  auto filter = make_mechanism<EndpointFilter>("pod_cooldown", {world, "eu/pool"});
  const auto open = [&](double seconds) {
    std::vector<PodId> pods{3, 4, 9};
    filter->filter(at(seconds), pods);
    return pods;
  };
  EXPECT_EQ(open(0), (std::vector<PodId>{3, 4, 9}));
  for (int k = 0; k < 5; ++k) {
    EXPECT_FALSE(filter->changed());
    filter->ended(4, Outcome::kTruncated, 1_s, at(1));
  }
  EXPECT_TRUE(filter->changed());
  EXPECT_EQ(open(1), (std::vector<PodId>{3, 9}));
  EXPECT_EQ(filter->next_change(), at(6));
  EXPECT_EQ(open(5.9), (std::vector<PodId>{3, 9}));
  EXPECT_EQ(open(6), (std::vector<PodId>{3, 4, 9}));
  EXPECT_EQ(filter->next_change(), kNever);
  filter->ended(77, Outcome::kTruncated, 1_s, at(7));  // not one of its pool
}

}  // namespace test_cooldowns
}  // namespace stampede::test
