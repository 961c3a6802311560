// Names in DNS: caches that run out one by one as the formulas say, negative answers, and resolvers
// that ask again and again.
#include <gtest/gtest.h>

#include "models/dependencies/resolvers.h"
#include "sim/math.h"
#include "tests/models/service_fixture.h"

namespace stampede::test {
namespace test_resolvers {

constexpr double kGap = 10;  // mean time between two questions to a resolver [s]

// Two thousand resolvers, each asked every ten seconds on average.
struct Names {
  OneUse one;
  DnsName name;
  Resolvers resolvers;
  u32 tags = 0;

  explicit Names(const DnsNameParams& params, const ServiceParams& authority = quick())
      : one(authority, patience(params), tries(params)),
        name(one.world, params),
        resolvers(one.world, "here/dns/x", name, &one.use) {}
  static ServiceParams quick() {
    ServiceParams s = hundred_a_second();
    s.servers = 1000;
    s.service_time = 1_ms;
    return s;
  }
  static UseParams patience(const DnsNameParams& p) {
    UseParams u;
    u.timeout = p.resolvers.timeout;
    return u;
  }
  static RetryParams tries(const DnsNameParams& p) {
    RetryParams r;
    r.policy = RetryKind::kImmediate;
    r.max_attempts = p.resolvers.tries;
    return r;
  }
  void ask() {
    const u32 tag = tags++;
    if (const auto reply = resolvers.ask(tag, tag, one.caller, kNoIncident))
      one.caller.service_replied(tag, *reply);
  }
  void run(double seconds) {  // questions come one by one, to resolvers at random
    const double step = kGap / 2000;
    for (double t = 0; t < seconds; t += step) {
      ask();
      one.world.scheduler.run_until(one.world.now() + from_seconds(step));
    }
  }
};

DnsNameParams minutes() {
  DnsNameParams p;
  p.name = "x";
  p.records = {"store"};
  p.ttl = 100_s;
  p.negative_ttl = 60_s;
  p.resolvers.count = 2000;
  return p;
}

TEST(resolvers, keep_a_record_that_is_cleared_to_the_ends_of_their_own_times) {
  Names n(minutes());
  n.run(300);
  const double held = 100 / (100 + kGap);
  EXPECT_NEAR(n.resolvers.with_record(), held, 0.03);
  n.name.clear(1);
  for (int k = 1; k <= 3; ++k) {
    n.run(25);
    EXPECT_NEAR(n.resolvers.with_record(), held * (1 - k * 0.25), 0.03) << k;
  }
  n.run(26);
  EXPECT_EQ(n.resolvers.with_record(), 0);
}

TEST(resolvers, that_keep_it_longer_than_they_may_leave_a_tail) {
  DnsNameParams p = minutes();
  p.ttl = 1_ms;
  p.resolvers.ttl_violators = {1};
  p.resolvers.ttl_violator_tail = 50_s;
  Names n(p);
  n.run(300);
  n.name.clear(1);
  for (int k = 1; k <= 4; ++k) {
    n.run(25);
    EXPECT_NEAR(n.resolvers.with_record(), 50 / (50 + kGap) * math::exp(-k * 0.5), 0.03);
  }
}

TEST(resolvers, find_a_restored_record_when_they_forget_that_there_was_none) {
  Names n(minutes());
  const u32 fault = n.name.clear(1);
  n.run(300);
  const auto failed = n.one.caller.bad;
  EXPECT_GT(failed, 10'000U);
  n.name.heal(fault, 2);
  n.run(30);
  EXPECT_NEAR(n.resolvers.with_record(), 0.5 * 60 / (60 + kGap), 0.12);
  n.run(90);
  EXPECT_GT(n.resolvers.with_record(), 0.85);
  const auto later = n.one.caller.bad;
  n.run(100);
  EXPECT_EQ(n.one.caller.bad, later);
}

TEST(resolvers, ask_a_dead_authority_many_times_as_often) {
  Names n(minutes());
  n.run(300);
  const auto rate = [&](double seconds) {
    const u64 before = n.one.use.counts().tries;
    n.run(seconds);
    return static_cast<double>(n.one.use.counts().tries - before) / seconds;
  };
  const double calm = rate(200);
  EXPECT_NEAR(calm, 2000 / (100 + kGap), 2);
  n.one.service.fail(1, true, 1);
  n.run(150);
  EXPECT_GT(rate(100), 15 * calm);
  EXPECT_GT(n.resolvers.counts().failed, 1000U);
}

TEST(resolvers, may_serve_what_is_stale_or_remember_that_nobody_answers) {
  for (const bool stale : {true, false}) {
    DnsNameParams p = minutes();
    (stale ? p.resolvers.serve_stale : p.resolvers.failure_ttl) = stale ? 1_h : 5_min;
    Names n(p);
    n.run(200);
    n.one.service.fail(1, false, 1);
    n.run(200);
    if (stale) {
      EXPECT_EQ(n.one.caller.bad, 0U);
    } else {
      EXPECT_GT(n.one.caller.bad, 10'000U);
      EXPECT_LE(n.one.use.counts().failed, 2000U);  // each resolver once
    }
  }
}

TEST(resolvers, an_answer_that_is_too_slow_is_lost) {
  DnsNameParams p = minutes();
  p.ttl = 1_ms;
  Names n(p);
  const u32 slow = n.name.slow(1500_ms, 1);
  n.run(10);
  EXPECT_EQ(n.one.caller.bad, 0U);
  n.name.heal(slow, 2);
  n.name.slow(2_s, 1);
  n.run(20);
  EXPECT_GT(n.one.caller.bad, 1000U);
}

TEST(resolvers, answer_each_question_once) {
  Names n(minutes());
  n.run(300);
  n.one.world.scheduler.run_until(n.one.world.now() + 1_min);
  EXPECT_EQ(n.one.caller.good + n.one.caller.bad, n.tags);
  for (const auto& [tag, times] : n.one.caller.times) EXPECT_EQ(times, 1U) << tag;
}

}  // namespace test_resolvers
}  // namespace stampede::test
