// When a region and the service count as down, and the demand that they serve.
#include <gtest/gtest.h>

#include "models/clients/demand.h"
#include "models/clients/service_level.h"

namespace stampede {
namespace test_service_level {

struct Level {
  World world{1};
  ServiceLevel level{world, {}, 2, 1_h};
  void requests(RegionId home, i64 minute, int good, int bad, int elsewhere = 0, int open = 0) {
    const Instant at = Instant{} + Duration{minute * (1_min).ns};
    for (int i = 0; i < good + bad + elsewhere + open; ++i) level.offered(at, home);
    for (int i = 0; i < good; ++i) level.ended(at, home, Outcome::kSucceeded, kNoIncident);
    for (int i = 0; i < bad; ++i) level.ended(at, home, Outcome::kTimeout, kNoIncident);
    for (int i = 0; i < elsewhere; ++i)
      level.ended(at, home, Outcome::kServedElsewhere, kNoIncident);
  }
};

TEST(service_level, a_region_is_down_below_half_of_those_that_ended) {
  Level l;
  l.requests(0, 3, 5, 5);
  l.requests(0, 4, 4, 5);
  l.requests(0, 5, 5, 5, 100, 100);  // served elsewhere and still under way: say nothing
  l.requests(0, 6, 0, 1, 50, 50);
  EXPECT_FALSE(l.level.region_down(0, 2));  // nobody asked
  EXPECT_FALSE(l.level.region_down(0, 3));
  EXPECT_TRUE(l.level.region_down(0, 4));
  EXPECT_FALSE(l.level.region_down(0, 5));
  EXPECT_TRUE(l.level.region_down(0, 6));
}

TEST(service_level, the_service_is_down_when_every_region_with_requests_is) {
  Level l;
  l.requests(0, 1, 0, 90);  // most of all requests, but one region serves
  l.requests(1, 1, 10, 0);
  l.requests(0, 2, 0, 10);
  l.requests(1, 2, 1, 10);
  l.requests(0, 3, 0, 10);  // the other region has nothing that ended
  l.requests(1, 3, 0, 0, 0, 10);
  EXPECT_FALSE(l.level.service_down(0));
  EXPECT_FALSE(l.level.service_down(1));
  EXPECT_TRUE(l.level.service_down(2));
  EXPECT_TRUE(l.level.service_down(3));
}

TEST(service_level, it_is_down_while_the_global_breaker_is_open_whatever_succeeds) {
  Level l;
  for (i64 m = 0; m < 4; ++m) l.requests(0, m, 10, 0);
  l.world.scheduler.run_until(Instant{} + 130_s);
  l.level.breaker_open_now();
  EXPECT_FALSE(l.level.service_down(1));
  EXPECT_TRUE(l.level.service_down(2));
  EXPECT_FALSE(l.level.region_down(0, 2));
  EXPECT_FALSE(l.level.service_down(3));
}

TEST(service_level, the_observed_signal_covers_its_window_and_can_be_absent) {
  Level l;
  const auto at = [&](Duration t) {
    l.world.scheduler.run_until(Instant{} + t);
    l.level.sample();
  };
  at(0_s);
  EXPECT_FALSE(l.level.observed(0).value());
  l.requests(0, 0, 9, 1);
  l.requests(1, 0, 0, 10);
  at(30_s);
  EXPECT_DOUBLE_EQ(*l.level.observed(0).value(), 0.9);
  EXPECT_DOUBLE_EQ(*l.level.observed(1).value(), 0);
  EXPECT_DOUBLE_EQ(l.level.observed_total(), 0.45);
  l.requests(0, 0, 10, 0);
  at(60_s);
  EXPECT_DOUBLE_EQ(*l.level.observed(0).value(), 0.95);
  at(95_s);  // the first samples have left the window of a minute
  EXPECT_DOUBLE_EQ(*l.level.observed(0).value(), 1);
  EXPECT_FALSE(l.level.observed(1).value());
  at(300_s);
  EXPECT_FALSE(l.level.observed(0).value());
  EXPECT_EQ(l.level.counts().offered, 30U);
  EXPECT_EQ(l.level.counts().total_ended(), 30U);
}

// What most failures name comes first, what nobody failed by is not named, and it fades.
TEST(service_level, its_alarm_is_shown_by_what_the_failed_requests_were_told) {
  Level l;
  const auto fail = [&](int requests, IncidentId because) {
    for (int i = 0; i < requests; ++i) {
      l.level.offered(l.world.now(), 0);
      l.level.ended(l.world.now(), 0, Outcome::kUnreachable, because);
    }
  };
  l.level.sample();
  l.requests(0, 0, 50, 0);
  l.level.ended({}, 0, Outcome::kSucceeded, 9);  // its first attempt had failed
  l.level.sample();
  EXPECT_FALSE(l.level.success_below(0.9).holds);
  EXPECT_TRUE(l.level.success_below(0.9).shown_by.empty());
  fail(10, 3);
  fail(40, 5);
  fail(20, kNoIncident);
  l.world.scheduler.run_until(Instant{} + 30_s);
  l.level.sample();
  EXPECT_FALSE(l.level.success_below(0.4).holds);
  EXPECT_TRUE(l.level.success_below(0.9).holds);
  EXPECT_EQ(l.level.success_below(0.9).shown_by, (std::vector<IncidentId>{5, 3}));
  l.world.scheduler.run_until(Instant{} + 20_min);
  l.level.sample();
  fail(10, 7);
  l.world.scheduler.run_until(Instant{} + 21_min);
  l.level.sample();
  EXPECT_EQ(l.level.success_below(0.9).shown_by, std::vector<IncidentId>{7});
}

DemandParams curve() {
  DemandParams p;
  p.rate = {1000};
  p.curve = DailyCurve::kDeepseek2025;
  p.reference_time = {1774792920};  // 2026-03-29T14:02:00Z
  return p;
}

TEST(demand, the_shares_hold_at_the_reference_time) {
  const Demand d(curve(), {1774791000}, {0.6, 0.25, 0.15}, {8_h, Duration{} - 4_h, 2_h});
  const Instant at = Instant{} + 32_min;
  EXPECT_NEAR(d.rate(0, at), 600, 1e-6);
  EXPECT_NEAR(d.rate(1, at), 250, 1e-6);
  EXPECT_NEAR(d.rate(2, at), 150, 1e-6);
}

TEST(demand, each_region_follows_the_curve_at_its_own_clock) {
  const Demand d(curve(), {1774742400}, {1, 1}, {8_h, 2_h});  // from 00:00Z
  // 04:30 in China is 20:30Z: the middle of its hour. 22:02 lies between those of 21 and 22 h.
  const double at_22_02 = 1.3179 + (1.3265 - 1.3179) * (22.0 + 2.0 / 60 - 21.5);
  EXPECT_NEAR(d.rate(0, Instant{} + 20_h + 30_min), 1000 * 0.2730 / at_22_02, 1e-6);
  EXPECT_NEAR(d.rate(1, Instant{} + 2_h + 30_min) / d.rate(1, Instant{} + 5_h + 30_min),
              0.2730 / 0.5886, 1e-9);
  // Halfway between two middles, and over midnight.
  EXPECT_NEAR(d.rate(0, Instant{} + 21_h) / d.rate(0, Instant{} + 20_h + 30_min),
              (0.2730 + 0.2687) / 2 / 0.2730, 1e-9);
  EXPECT_NEAR(d.rate(0, Instant{} + 16_h) / d.rate(0, Instant{} + 20_h + 30_min),
              (1.2710 + 0.9298) / 2 / 0.2730, 1e-9);
}

TEST(demand, weekends_stages_and_spikes_multiply) {
  DemandParams p;
  p.rate = {100};
  p.weekend_factor = 0.5;
  p.stages = {{10_min, 2}, {10_min, 3}};
  p.spikes = {{5_min, 10_min, 4}};
  const Demand d(p, {1774569600 - 600}, {1}, {Duration{}});  // Thursday to Friday 27 March, 00:00Z
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{}), 200);
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 5_min), 800);
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 10_min), 1200);
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 15_min), 300);
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 20_min), 100);
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 24_h + 9_min), 100);
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 24_h + 11_min), 50);  // Saturday began
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 72_h + 9_min), 50);
  EXPECT_DOUBLE_EQ(d.rate(0, Instant{} + 72_h + 11_min), 100);
}

}  // namespace test_service_level
}  // namespace stampede
