// The mechanisms that mitigations switch on, each by itself: the order of an engine's line, retry
// delays, an invalidation that does not wait for the objects, a ramp that looks ahead.
#include <gtest/gtest.h>

#include "models/clients/retry_policy.h"
#include "models/safety/safety_layer.h"
#include "models/serving/engine.h"
#include "tests/models/kv_fixture.h"

namespace stampede {
namespace test_overload_policies {

struct Order : EngineSink {
  std::vector<u32> served;
  void first_token(u32 id, Instant) override { served.push_back(id); }
  void finished(u32, Instant) override {}
  void preempted(u32, Instant) override {}
};

// One prompt of a second each, one at a time, arriving every 100 ms from 0 s on.
std::vector<u32> served_order(Duration lifo_after, u32 arrivals) {
  EngineParams p;
  p.role = EngineRole::kPrefill;
  p.step_base = 1_ns;
  p.step_per_sequence = {};
  p.step_per_prompt_token = 1_ms;
  p.max_num_seqs = 1;
  p.lifo_after = lifo_after;
  const EngineProfile profile(p);
  Engine engine(profile);
  Order order;
  for (u32 k = 0; k < arrivals; ++k) {
    const Instant at = Instant{} + 100_ms * k;
    engine.advance(at, order);
    engine.add(at, {k, 1000, 0, 2});
  }
  engine.advance(Instant{} + 1000_s, order);
  return order.served;
}

TEST(overload_policies, adaptive_lifo_turns_the_line_round_once_it_does_not_empty) {
  EXPECT_EQ(served_order({}, 6), (std::vector<u32>{0, 1, 2, 3, 4, 5}));
  // The line is not empty from 0.1 s on: at 1 s it has been so for 0.9 s.
  EXPECT_EQ(served_order(500_ms, 6), (std::vector<u32>{0, 5, 4, 3, 2, 1}));
  // At 1 s it is still young, at 2 s no more.
  EXPECT_EQ(served_order(1500_ms, 6), (std::vector<u32>{0, 1, 5, 4, 3, 2}));
  // A line that empties in between is an ordinary one.
  EXPECT_EQ(served_order(1500_ms, 2), (std::vector<u32>{0, 1}));
}

TEST(overload_policies, full_jitter_draws_from_nought_to_the_exponential_delay) {
  RetryParams p;
  p.policy = RetryKind::kAdditiveJitter;
  p.base = 1_s;
  p.cap = 3_s;
  p.full_jitter = true;
  const RetryPolicy policy(p);
  const StreamKey stream = stream_key(1, "clients", "retry");
  const double longest[] = {1, 2, 3, 3};
  for (u32 k = 1; k <= 4; ++k) {
    double sum = 0, square = 0, most = 0;
    constexpr int kN = 20'000;
    for (u64 i = 0; i < kN; ++i) {
      const double d = policy.next(stream, i, k, RetryCause::kTransport)->seconds();
      sum += d;
      square += d * d;
      most = std::max(most, d);
    }
    const double mean = sum / kN, e = longest[k - 1];
    EXPECT_NEAR(mean, e / 2, 0.02 * e);
    EXPECT_NEAR(square / kN - mean * mean, e * e / 12, 0.02 * e * e);
    EXPECT_LE(most, e);
    EXPECT_GT(most, 0.99 * e);
  }
  p.policy = RetryKind::kNone;  // who does not retry still does not
  EXPECT_FALSE(RetryPolicy(p).next(stream, 1, 1, RetryCause::kTransport));
}

TEST(overload_policies, lazy_invalidation_makes_all_unusable_before_space_returns) {
  KvCacheParams p = test::plain();
  p.initial_sessions = 100'000;
  p.initial_bytes = {100'000LL * 78 * 64 * 70272};
  p.index_rate = {1000};  // object by object: 7,800 s
  p.invalidation = Invalidation::kLazy;
  test::Store t(p);
  t.kv.session_opened(0, 1, 0, 78 * 64);
  ASSERT_EQ(t.kv.lookup(0, 0, 1, 80 * 64).cached_tokens, 78u * 64);
  t.kv.start_flush(kNoIncident);
  EXPECT_TRUE(t.kv.flushing());
  t.run(11_s);  // the slowest fan-out takes 10 s
  EXPECT_FALSE(t.kv.flushing());
  EXPECT_EQ(t.count("flush_finished"), 1u);
  EXPECT_EQ(t.kv.lookup(0, 0, 1, 80 * 64).cached_tokens, 0u);
  t.kv.session_opened(1, 2, 0, 78 * 64);  // one that was idle finds nothing either
  EXPECT_EQ(t.kv.lookup(1, 0, 1, 80 * 64).cached_tokens, 0u);
  EXPECT_GT(t.kv.stored_blocks(0), 0);
  t.check();
}

// The load is that of the share admitted; at full admission it would be 1.5.
double most_load_while_ramping(bool looks_ahead) {
  SafetyParams p;
  p.ramp_hold = 1_min;
  p.ramp_looks_ahead = looks_ahead;
  World world(1);
  SafetyLayer safety(world, p, 1);
  double most = 0;
  const struct Load final : LoadPort {
    explicit Load(const SafetyLayer& s) : safety(s) {}
    double bottleneck_load() const override { return 1.5 * safety.breaker(0).share(); }
    const SafetyLayer& safety;
  } load(safety);
  safety.gate_on({&load});
  safety.open_by_hand(kNoIncident);
  safety.start_ramp(kNoIncident);
  for (int minute = 0; minute < 60; ++minute) {
    most = std::max(most, 1.5 * safety.breaker(0).share());
    world.scheduler.run_until(world.now() + 1_min);
  }
  return most;
}

TEST(overload_policies, a_ramp_that_looks_ahead_does_not_step_into_the_overload) {
  // 60 % of 1.5 is not below the limit, 0.9; the step from 25 % to it looks fine from behind.
  EXPECT_GE(most_load_while_ramping(false), 0.9);
  EXPECT_LT(most_load_while_ramping(true), 0.9);
  RampBreaker b({0.1, 0.5});
  b.trip();
  b.begin_ramp();
  EXPECT_DOUBLE_EQ(b.growth(), 5);
  b.advance(0, 1, 2);
  EXPECT_DOUBLE_EQ(b.growth(), 2);  // past the last step everybody is admitted
}

}  // namespace test_overload_policies
}  // namespace stampede
