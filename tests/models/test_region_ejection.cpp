// Ejection of regions by the share of failed attempts: its state machine, and a balancer that
// hears.
#include "models/balancing/global_balancer.h"
#include "models/ports/region_filter_port.h"
#include "tests/models/client_fixture.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_region_ejection {

struct Ejection {
  World world{1};
  Mechanism<RegionFilter> filter;
  explicit Ejection(std::size_t regions)
      : filter(make_mechanism<RegionFilter>("region_ejection", {world, "balancer", regions})) {}
  void hear(RegionId region, int good, int bad, Outcome how = Outcome::kTimeout) {
    for (int k = 0; k < good; ++k) filter->ended(region, Outcome::kSucceeded, kNoIncident);
    for (int k = 0; k < bad; ++k) filter->ended(region, how, kNoIncident);
  }
  void next() {
    world.scheduler.run_until(filter->next_change());
    filter->settle();
  }
  double back_after(RegionId region) {
    const Instant from = world.now();
    while (!filter->open(region)) next();
    return (world.now() - from).seconds();
  }
};

TEST(region_ejection, by_the_share_that_failed_of_enough_attempts) {
  struct Case {
    int good, bad;
    Outcome how;
    bool open;
  };
  for (const Case& c : {Case{15, 85, Outcome::kTimeout, false},
                        {16, 84, Outcome::kTimeout, true},
                        {0, 49, Outcome::kTimeout, true},
                        {0, 50, Outcome::kRejected503, false},
                        {0, 50, Outcome::kBreaker, false},
                        {0, 50, Outcome::kTruncated, false},
                        {0, 50, Outcome::kUnreachable, false},
                        {0, 90, Outcome::kRejected429, true},
                        {0, 90, Outcome::kPoisoned, true}}) {
    Ejection e(2);
    e.hear(0, c.good, c.bad, c.how);
    EXPECT_TRUE(e.filter->open(0));  // judged at the end of the interval
    e.next();
    EXPECT_EQ(e.filter->open(0), c.open) << c.bad << " " << name_of(c.how);
    EXPECT_TRUE(e.filter->open(1));
  }
}

TEST(region_ejection, lasts_longer_each_time_and_the_multiplier_falls_in_use) {
  Ejection e(2);
  for (const int expected : {30, 60, 90}) {
    e.hear(0, 0, 100);
    e.next();
    ASSERT_FALSE(e.filter->open(0));
    EXPECT_EQ(e.back_after(0), expected);
  }
  for (int k = 0; k < 2; ++k) e.next();
  e.hear(0, 0, 100);
  e.next();
  EXPECT_EQ(e.back_after(0), 60);
}

TEST(region_ejection, never_the_last_one) {
  Ejection e(3);
  for (RegionId r = 0; r < 3; ++r) e.hear(r, 0, 100);
  e.next();
  EXPECT_FALSE(e.filter->open(0));
  EXPECT_FALSE(e.filter->open(1));
  EXPECT_TRUE(e.filter->open(2));
  EXPECT_EQ(e.world.journal.all().size(), 2U);
  EXPECT_EQ(e.filter->closed_by(1), e.world.journal.all()[1].id);
}

TEST(region_ejection, the_balancer_moves_clients_away_and_back) {
  World world{5};
  HandPath network;
  GlobalBalancerParams params;
  params.ttl = {};
  params.hold_down = {};
  GlobalBalancer balancer(world, "balancer", params, network, {100, 100});
  EXPECT_FALSE(balancer.learns());
  auto filter = make_mechanism<RegionFilter>("region_ejection", {world, "balancer", 2});
  balancer.connect({filter.object.get()});
  EXPECT_TRUE(balancer.learns());
  EXPECT_EQ(balancer.share(0, 0), 1);
  for (int k = 0; k < 100; ++k) balancer.ended(0, Outcome::kRejected503, kNoIncident);
  world.scheduler.run_until(Instant{} + 11_s);
  EXPECT_EQ(balancer.share(0, 0), 0);
  EXPECT_EQ(balancer.share(0, 1), 1);
  EXPECT_EQ(world.journal.all().at(1).kind, "failover_started");
  EXPECT_EQ(world.journal.all().at(1).causes, std::vector<IncidentId>{world.journal.all()[0].id});
  world.scheduler.run_until(Instant{} + 41_s);
  EXPECT_EQ(balancer.share(0, 0), 1);
}

// Everything that clients see of their attempts, by region.
TEST(region_ejection, clients_tell_the_balancer_how_every_attempt_ended) {
  ClientClassParams p = Clients::single_turn();
  p.first_token_timeout = 10_s;
  p.cancel_on_timeout = {0.5};
  for (const int kind : {0, 1, 2, 3}) {
    Clients c(p, 10, [](World&, Population::Wiring& wiring) {
      static_cast<HandBalancer*>(wiring.balancer)->listens = true;
    });
    if (kind == 1) c.server.first = 20_s, c.server.last = 30_s;
    if (kind == 2)
      c.server.verdict = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, 3}; };
    if (kind == 3) c.server.ends = Outcome::kTruncated;
    c.run(500_s);
    const Outcome expected[] = {Outcome::kSucceeded, Outcome::kTimeout, Outcome::kRejected503,
                                Outcome::kTruncated};
    EXPECT_EQ(c.balancer.heard[static_cast<std::size_t>(expected[kind])], c.offered());
    u64 all = 0;
    for (const u64 n : c.balancer.heard) all += n;
    EXPECT_EQ(all, c.counts().attempts);
  }
}

}  // namespace test_region_ejection
}  // namespace stampede::test
