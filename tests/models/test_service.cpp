// A named service: capacity, what is done to it, and work for those who have left.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/models/service_fixture.h"

namespace stampede::test {
namespace test_service {

UseParams patient() {
  UseParams u;
  u.timeout = 10_s;
  return u;
}

TEST(service, serves_as_many_as_it_has_servers_and_refuses_whom_it_has_no_place_for) {
  ServiceParams s = hundred_a_second();
  s.servers = 2;
  s.queue = 1;
  OneUse one(s, patient());
  for (int i = 0; i < 4; ++i) one.ask();
  EXPECT_EQ(one.caller.bad, 1U);
  one.run(1_s);
  EXPECT_EQ(one.caller.good, 3U);
  EXPECT_EQ(one.caller.at[0], Instant{} + 100_ms);
  EXPECT_EQ(one.caller.at[2], Instant{} + 200_ms);
}

TEST(service, contention_costs_each_by_those_that_are_there) {
  ServiceParams s = hundred_a_second();
  s.contention = 1;
  OneUse one(s, patient());
  for (int i = 0; i < 10; ++i) one.ask();
  one.run(1_s);
  EXPECT_EQ(one.caller.at[0], Instant{} + 110_ms);  // one of ten servers is taken
  EXPECT_EQ(one.caller.at[9], Instant{} + 200_ms);  // all are
}

TEST(service, that_is_gone_refuses_and_breaks_off_and_comes_back) {
  OneUse one(hundred_a_second(), patient());
  const u32 before = one.ask();
  one.run(50_ms);
  const u32 fault = one.service.fail(1, false, 7);
  EXPECT_FALSE(one.caller.replies.at(before).ok);
  const u32 during = one.ask();
  EXPECT_FALSE(one.caller.replies.at(during).ok);
  const Incident* failed = one.first("service_failed");
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->causes, std::vector<IncidentId>{7});
  EXPECT_EQ(one.caller.replies.at(during).cause, failed->id);
  one.service.heal(fault, 8);
  const u32 after = one.ask();
  one.run(1_s);
  EXPECT_TRUE(one.caller.replies.at(after).ok);
  EXPECT_EQ(one.first("service_restored")->causes, (std::vector<IncidentId>{8, failed->id}));
  EXPECT_EQ(one.service.ailment(), kNoIncident);
}

TEST(service, that_hangs_takes_calls_and_goes_on_with_them_later) {
  OneUse one(hundred_a_second(), patient());
  one.ask();
  one.run(50_ms);
  const u32 fault = one.service.fail(1, true, 7);
  one.ask();
  one.run(5_s);
  EXPECT_EQ(one.caller.good + one.caller.bad, 0U);
  one.service.heal(fault, 8);
  one.run(60_ms);
  EXPECT_EQ(one.caller.good, 1U);
  one.run(60_ms);
  EXPECT_EQ(one.caller.good, 2U);
}

TEST(service, of_which_half_is_gone_serves_half) {
  OneUse one(hundred_a_second(), patient());
  for (int i = 0; i < 10; ++i) one.ask();
  one.service.fail(0.5, false, 7);
  EXPECT_EQ(one.caller.bad, 5U);
  for (int i = 0; i < 10; ++i) one.ask();
  one.run(150_ms);
  EXPECT_EQ(one.caller.good, 5U);
  one.run(100_ms);
  EXPECT_EQ(one.caller.good, 10U);
}

TEST(service, that_is_slow_is_so_for_what_it_has_begun_and_factors_multiply) {
  OneUse one(hundred_a_second(), patient());
  one.ask();
  one.run(50_ms);
  const u32 two = one.service.slow(2, 7);
  one.service.slow(3, 7);
  one.run(60_ms);  // a tenth of what is left
  one.service.heal(two, 8);
  one.run(119_ms);
  EXPECT_EQ(one.caller.good, 0U);
  one.run(2_ms);
  EXPECT_EQ(one.caller.good, 1U);
}

TEST(service, limit_refuses_what_is_above_the_rate) {
  OneUse one(hundred_a_second(), patient());
  one.service.limit(20, 7);
  one.ask_at(80, 100_s);
  one.run(10_s);
  EXPECT_NEAR(static_cast<double>(one.caller.good), 2020, 25);
  EXPECT_EQ(one.service.counts().throttled, one.caller.bad);
  EXPECT_EQ(one.first("service_saturated"), nullptr);
}

// What a slow service leaves behind is a line longer than its callers' patience: whom it serves has
// left, all come again, and it never gets out of that by itself.
struct Collapse {
  OneUse one;
  Collapse() : one(params(), use(), retries()) {
    one.ask_at(75, 30_s);
    EXPECT_EQ(one.caller.bad, 0U);
    const u32 fault = one.service.slow(4, 7);
    one.ask_at(75, 30_s);
    one.service.heal(fault, 8);
  }
  static ServiceParams params() {
    ServiceParams s = hundred_a_second();
    s.queue = 500;
    return s;
  }
  static UseParams use() {
    UseParams u;
    u.timeout = 1_s;
    return u;
  }
  static RetryParams retries() {
    RetryParams r;
    r.policy = RetryKind::kFixed;
    r.base = 500_ms;
    r.max_attempts = 4;
    return r;
  }
  double good_share(double rate, Duration d) {
    const u64 good = one.caller.good, bad = one.caller.bad;
    one.ask_at(rate, d);
    const auto all = static_cast<double>(one.caller.good - good + one.caller.bad - bad);
    return static_cast<double>(one.caller.good - good) / all;
  }
};

TEST(service, collapses_by_work_for_those_who_left_and_stays_so) {
  Collapse c;
  c.good_share(75, 60_s);
  const auto served = c.one.service.counts().served, wasted = c.one.service.counts().wasted;
  EXPECT_LT(c.good_share(75, 300_s), 0.2);
  const auto more = c.one.service.counts().served - served;
  EXPECT_NEAR(static_cast<double>(more), 30'000, 300);  // it works as hard as it can
  EXPECT_GT(c.one.service.counts().wasted - wasted, more * 8 / 10);
}

TEST(service, recovers_when_its_callers_are_throttled_and_not_before) {
  Collapse c;
  EXPECT_LT(c.good_share(75, 120_s), 0.2);
  ASSERT_NE(c.one.first("service_saturated"), nullptr);
  EXPECT_EQ(c.one.first("service_recovered"), nullptr);
  c.one.ask_at(10, 60_s);
  EXPECT_EQ(c.good_share(75, 120_s), 1);
  const Incident* recovered = c.one.first("service_recovered");
  ASSERT_NE(recovered, nullptr);
  // What had slowed it ended since; that its callers came less often nobody told it.
  EXPECT_EQ(recovered->causes, (std::vector<IncidentId>{c.one.first("service_saturated")->id,
                                                        c.one.first("service_restored")->id}));
}

TEST(service, saturation_follows_from_what_slowed_it) {
  Collapse c;
  const Incident* saturated = c.one.first("service_saturated");
  ASSERT_NE(saturated, nullptr);
  EXPECT_EQ(saturated->causes, std::vector<IncidentId>{c.one.first("service_slowed")->id});
}

// Servers that wait for another service are taken, so that its slowness fills them too.
TEST(service, holds_its_servers_while_it_asks_another) {
  OneUse behind(hundred_a_second(), patient());
  ServiceParams front = hundred_a_second();
  front.servers = 2;
  stampede::Service service(behind.world, "front", front);
  service.depend_on(&behind.use);
  Use use(behind.world, "front use", patient(), {&service, behind.retries.get()});
  for (u32 tag = 0; tag < 3; ++tag) use.ask(0, tag, behind.caller, kNoIncident);
  EXPECT_EQ(behind.service.station().present(), 2U);
  behind.run(1_s);
  EXPECT_EQ(behind.caller.at[1], Instant{} + 200_ms);
  EXPECT_EQ(behind.caller.at[2], Instant{} + 400_ms);
  behind.service.fail(1, false, 7);
  use.ask(0, 3, behind.caller, kNoIncident);
  behind.run(1_s);
  EXPECT_FALSE(behind.caller.replies.at(3).ok);
  EXPECT_EQ(behind.caller.replies.at(3).cause, behind.first("service_failed")->id);
  EXPECT_EQ(service.station().present(), 0U);
}

TEST(service, is_not_saturated_below_its_capacity) {
  OneUse one(Collapse::params(), Collapse::use(), Collapse::retries());
  one.ask_at(95, 600_s);
  EXPECT_EQ(one.caller.bad, 0U);
  EXPECT_EQ(one.first("service_saturated"), nullptr);
}

// One call after the other, 100 ms each.
ServiceParams one_by_one() {
  ServiceParams s = hundred_a_second();
  s.servers = 1;
  return s;
}

TEST(service, refuses_calls_that_wait_too_long) {
  ServiceParams s = one_by_one();
  s.queue_delay = QueueDelayParams{20_ms, 250_ms};
  OneUse one(s, patient());
  for (int i = 0; i < 6; ++i) one.ask();
  one.run(260_ms);
  EXPECT_EQ(one.caller.good, 2U);  // the third is being served
  EXPECT_EQ(one.caller.bad, 3U);
  EXPECT_EQ(one.caller.at[5], Instant{} + 250_ms);
}

TEST(service, whose_line_does_not_empty_lets_calls_wait_less) {
  const auto refused_after_target = [](Duration interval) {
    ServiceParams s = one_by_one();
    s.queue_delay = QueueDelayParams{20_ms, interval};
    OneUse one(s, patient());
    one.ask_at(15, 2_s);
    one.run(10_s);
    u64 count = 0;
    for (const auto& [tag, reply] : one.caller.replies)
      count += !reply.ok && one.caller.at[tag] == Instant{} + from_seconds(1. / 15) * tag + 20_ms;
    return count;
  };
  EXPECT_GT(refused_after_target(250_ms), 3U);
  EXPECT_EQ(refused_after_target(10_s), 0U);
}

TEST(service, serves_the_newest_first_once_its_line_does_not_empty) {
  ServiceParams s = one_by_one();
  s.discipline = Discipline::kAdaptiveLifo;
  s.queue_delay = QueueDelayParams{10_s, 1_s};
  OneUse one(s, patient());
  for (int i = 0; i < 8; ++i) one.ask();
  one.run(500_ms);
  const u32 third = one.ask(), fourth = one.ask();  // the line is young: behind the others
  for (int i = 0; i < 5; ++i) one.ask();
  one.run(550_ms);
  const u32 old_one = one.ask(), new_one = one.ask();
  one.run(3_s);
  EXPECT_LT(one.caller.at[third], one.caller.at[fourth]);
  EXPECT_LT(one.caller.at[new_one], one.caller.at[old_one]);
}

TEST(service, that_knows_deadlines_drops_what_would_begin_too_late) {
  ServiceParams s = one_by_one();
  s.deadline_margin = 350_ms;
  UseParams u;
  u.timeout = 1_s;
  OneUse one(s, u);
  for (int i = 0; i < 10; ++i) one.ask();
  one.run(2_s);
  EXPECT_EQ(one.caller.good, 7U);
  EXPECT_EQ(one.caller.at[9], Instant{} + 650_ms);
  EXPECT_EQ(one.service.counts().wasted, 0U);
}

TEST(service, with_exponential_times_has_their_mean_and_their_tail) {
  ServiceParams s = hundred_a_second();
  s.distribution = ServiceTimes::kExponential;
  s.servers = 20'000;
  UseParams u = patient();
  u.timeout = 1000_s;
  OneUse one(s, u);
  for (int i = 0; i < 20'000; ++i) one.ask();
  one.run(10_s);
  double sum = 0, longer = 0;
  for (const auto& [tag, at] : one.caller.at) {
    sum += at.seconds();
    longer += at > Instant{} + 200_ms;
  }
  EXPECT_NEAR(sum / 20'000, 0.1, 0.003);
  EXPECT_NEAR(longer / 20'000, std::exp(-2.), 0.01);
}

}  // namespace test_service
}  // namespace stampede::test
