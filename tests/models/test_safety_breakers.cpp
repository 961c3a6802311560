#include <gtest/gtest.h>

#include "models/clients/stock_breakers.h"
#include "models/safety/ramp_breaker.h"

namespace stampede {
namespace test_safety_breakers {

Instant at(double seconds) { return Instant{} + from_seconds(seconds); }

TEST(Resilience4j, OpensAtTheThresholdOnceTheWindowIsFull) {
  Resilience4jBreaker b({});
  for (int k = 0; k < 99; ++k) b.record(at(1), true, 1_s);
  EXPECT_EQ(b.state(), BreakerState::kClosed);  // 99 of 99 failed, but 100 are needed
  b.record(at(1), true, 1_s);
  EXPECT_EQ(b.state(), BreakerState::kOpen);
  EXPECT_FALSE(b.try_acquire(at(60.999)));
}

TEST(Resilience4j, CountWindowForgetsTheOldestCall) {
  Resilience4jBreaker b({});
  for (int k = 0; k < 51; ++k) b.record(at(1), false, 1_s);
  for (int k = 0; k < 49; ++k) b.record(at(1), true, 1_s);
  EXPECT_EQ(b.state(), BreakerState::kClosed);  // 49 %
  b.record(at(1), true, 1_s);                   // pushes a success out: 50 % is reached
  EXPECT_EQ(b.state(), BreakerState::kOpen);
}

TEST(Resilience4j, HalfOpenAdmitsTenAndJudgesThemTogether) {
  for (const int failures : {4, 5}) {
    Resilience4jBreaker b({});
    for (int k = 0; k < 100; ++k) b.record(at(0), true, 1_s);
    EXPECT_FALSE(b.try_acquire(at(59)));
    EXPECT_EQ(b.state(), BreakerState::kOpen);  // lazily, only on a call
    for (int k = 0; k < 10; ++k) EXPECT_TRUE(b.try_acquire(at(60)));
    EXPECT_FALSE(b.try_acquire(at(60)));
    EXPECT_EQ(b.state(), BreakerState::kHalfOpen);
    for (int k = 0; k < 10; ++k) {
      EXPECT_EQ(b.state(), BreakerState::kHalfOpen);
      b.record(at(61), k < failures, 1_s);
    }
    EXPECT_EQ(b.state(), failures < 5 ? BreakerState::kClosed : BreakerState::kOpen);
  }
}

TEST(Resilience4j, AllSlowOpens) {
  Resilience4jBreaker b({});
  for (int k = 0; k < 100; ++k) b.record(at(0), false, 61_s);
  EXPECT_EQ(b.state(), BreakerState::kOpen);
  Resilience4jBreaker c({});
  for (int k = 0; k < 100; ++k) c.record(at(0), false, k == 0 ? 60_s : 61_s);
  EXPECT_EQ(c.state(), BreakerState::kClosed);
}

TEST(Resilience4j, TimeWindowForgetsOldSeconds) {
  Resilience4jConfig config;
  config.time_based = true;
  config.window = 10;
  config.minimum_calls = 20;
  Resilience4jBreaker b(config);
  for (int k = 0; k < 19; ++k) b.record(at(0.5), true, 1_s);
  b.record(at(10.5), true, 1_s);
  EXPECT_EQ(b.calls(), 1u);
  EXPECT_EQ(b.state(), BreakerState::kClosed);
  for (int k = 0; k < 19; ++k) b.record(at(15), true, 1_s);
  EXPECT_EQ(b.state(), BreakerState::kOpen);
}

TEST(Hystrix, VolumeThresholdSleepAndSingleProbe) {
  HystrixBreaker b({});
  for (int k = 0; k < 19; ++k) b.record(at(1), true);
  EXPECT_EQ(b.state(), BreakerState::kClosed);
  b.record(at(2), true);
  EXPECT_EQ(b.state(), BreakerState::kOpen);
  EXPECT_FALSE(b.allow(at(6.9)));
  EXPECT_TRUE(b.allow(at(7)));
  EXPECT_FALSE(b.allow(at(7)));  // one probe only
  b.record(at(8), true);
  EXPECT_EQ(b.state(), BreakerState::kOpen);
  EXPECT_FALSE(b.allow(at(12.9)));
  EXPECT_TRUE(b.allow(at(13)));
  b.record(at(13), false);
  EXPECT_EQ(b.state(), BreakerState::kClosed);
  for (int k = 0; k < 19; ++k) b.record(at(13), true);  // the old failures are forgotten
  EXPECT_EQ(b.state(), BreakerState::kClosed);
}

TEST(Hystrix, RollingWindowForgetsBucketsOlderThanTenSeconds) {
  HystrixBreaker b({});
  for (int k = 0; k < 19; ++k) b.record(at(0.5), true);
  b.record(at(10.5), true);
  EXPECT_EQ(b.state(), BreakerState::kClosed);
  HystrixBreaker c({});
  for (int k = 0; k < 19; ++k) c.record(at(0.5), true);
  c.record(at(9.9), true);
  EXPECT_EQ(c.state(), BreakerState::kOpen);
}

TEST(VerdictWindow, HoldsExactlyItsSeconds) {
  VerdictWindow w(60);
  w.add(at(0.2), true, true);
  w.add(at(30), true, false);
  w.advance(at(59.9));
  EXPECT_EQ(w.all(), 2u);
  w.advance(at(60));
  EXPECT_EQ(w.all(), 1u);
  EXPECT_EQ(w.true_bad(), 0u);
  w.advance(at(10'000));
  EXPECT_EQ(w.all(), 0u);
  EXPECT_EQ(w.bad(), 0u);
}

TEST(RampBreaker, StepsHoldsAndGoesBack) {
  using Moved = RampBreaker::Moved;
  RampBreaker b({0.01, 0.05, 0.25, 0.6, 1.0});
  EXPECT_FALSE(b.begin_ramp());  // closed: nothing to reopen
  EXPECT_TRUE(b.trip());
  EXPECT_FALSE(b.trip());
  EXPECT_EQ(b.share(), 0);
  EXPECT_TRUE(b.begin_ramp());
  EXPECT_EQ(b.share(), 0.01);
  EXPECT_EQ(b.advance(0.5, 0.9, 1.2), Moved::kOn);
  EXPECT_EQ(b.advance(0.95, 0.9, 1.2), Moved::kHeld);
  EXPECT_EQ(b.share(), 0.05);
  EXPECT_EQ(b.advance(1.3, 0.9, 1.2), Moved::kBack);
  EXPECT_EQ(b.advance(1.3, 0.9, 1.2), Moved::kHeld);  // no step below the first
  EXPECT_EQ(b.share(), 0.01);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(b.advance(0.5, 0.9, 1.2), Moved::kOn);
  EXPECT_EQ(b.share(), 0.6);
  EXPECT_EQ(b.advance(0.5, 0.9, 1.2), Moved::kClosed);
  EXPECT_EQ(b.share(), 1);
}

TEST(RampBreaker, TripsAgainWhileHalfOpen) {
  RampBreaker b({0.01, 1.0});
  b.trip();
  b.begin_ramp();
  EXPECT_TRUE(b.trip());
  EXPECT_EQ(b.state(), BreakerState::kOpen);
}

}  // namespace test_safety_breakers
}  // namespace stampede
