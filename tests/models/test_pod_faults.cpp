// Pods that hang, are slow or out of reach: the clock that their engines keep, and what of it comes
// to clients.
#include <gtest/gtest.h>

#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_pod_faults {

Instant s(double seconds) { return Instant{} + from_seconds(seconds); }

TEST(pod_clock, translates_there_and_back_to_the_nanosecond) {
  for (const double factor : {1.0, 1.5, 2.0, 3.7, 1000.0}) {
    PodClock clock(s(100));
    clock.set_pace(s(200), factor, {});
    for (i64 k = 0; k < 2000; ++k) {
      const Instant engine{s(200).ns + k * 7'777'777'777 + k * k};
      const Instant world = clock.when(engine);
      EXPECT_GE(clock.of(world), engine);
      if (engine > s(200)) {
        EXPECT_LT(clock.of(world - 1_ns), engine);
      }
      EXPECT_NEAR(static_cast<double>((world - s(200)).ns),
                  static_cast<double>((engine - s(200)).ns) * factor, 1 + factor);
    }
  }
}

TEST(pod_clock, stands_still_and_goes_on_where_it_was) {
  PodClock clock(s(0));
  clock.set_pace(s(10), 0, {});
  EXPECT_EQ(clock.of(s(10'000)), s(10));
  EXPECT_EQ(clock.when(s(11)), kNever);
  EXPECT_EQ(clock.when(s(10)), s(10));  // was due by then
  clock.set_pace(s(100), 1, {});
  EXPECT_EQ(clock.of(s(105)), s(15));
  EXPECT_EQ(clock.when(s(11)), s(101));
  EXPECT_EQ(clock.when(kNever), kNever);
}

TEST(pod_clock, counts_the_time_that_slow_steps_take) {
  PodClock clock(s(0));
  clock.set_pace(s(10), 3, 4_s);
  EXPECT_EQ(clock.longer(4_s), Duration{});
  EXPECT_EQ(clock.longer(6_s), 4_s);  // two seconds of steps took six
  clock.set_pace(s(20), 0, 6_s);
  EXPECT_EQ(clock.longer(6_s), 4_s);  // one that hangs is not busy
}

// One class of clients who wait for whatever it takes, on one pool of two pods.
ClientClassParams patient() {
  ClientClassParams c;
  c.first_token_timeout = c.between_tokens_timeout = c.total_timeout = Duration{};
  c.retry.policy = RetryKind::kNone;
  c.resubmit.probability = Share{0};
  return c;
}

// The same requests with and without a straggler's factor: engine time grows by the factor, and
// none is lost.
TEST(pod_faults, a_straggler_takes_so_much_longer_and_loses_nothing) {
  double busy[2];
  for (const bool slowed : {false, true}) {
    ClientClassParams c = patient();
    c.answer.mean = 20;  // mostly one at a time
    Service service(c, pools({EngineRole::kMixed}), {}, 0.2);
    if (slowed) {
      EXPECT_NE(service.region.slow({0, 1}, 3, kNoIncident), kNoFault);
    }
    service.run(100_s);
    service.run_out();
    EXPECT_EQ(service.ended(Outcome::kSucceeded), service.offered());
    busy[slowed] = service.region.engine_time(0).busy;
  }
  EXPECT_NEAR(busy[1] / busy[0], 3, 0.4);  // two that meet share their steps more often
}

TEST(pod_faults, factors_multiply_and_each_ends_alone) {
  Service service(patient(), pools({EngineRole::kMixed}), {}, 2);
  const u32 twice = service.region.slow({0, 1}, 2, kNoIncident);
  const u32 thrice = service.region.slow({0}, 3, kNoIncident);
  EXPECT_NE(twice, thrice);
  service.run(50_s);
  service.region.heal(twice, kNoIncident);
  service.region.heal(twice, kNoIncident);  // nothing a second time
  service.run(20_s);
  service.region.heal(thrice, kNoIncident);
  service.run_out();
  EXPECT_EQ(service.ended(Outcome::kSucceeded), service.offered());
  std::size_t healed = 0;
  for (const Incident& i : service.world.journal.all()) healed += i.kind == "pods_healed";
  EXPECT_EQ(healed, 2U);
}

TEST(pod_faults, what_hangs_answers_nobody_and_goes_on_when_it_is_healed) {
  Service service(patient(), pools({EngineRole::kMixed}), {}, 2);
  service.run(20_s);
  const u64 before = service.ended(Outcome::kSucceeded);
  const IncidentId why = service.world.incident("test", "test", {}, "");
  const u32 fault = service.region.hang({0, 1}, false, why);
  service.run(1_s);  // what was under way on the wire
  const u64 at_hang = service.ended(Outcome::kSucceeded);
  service.run(100_s);
  EXPECT_EQ(service.ended(Outcome::kSucceeded), at_hang);
  EXPECT_GT(before, 0U);
  EXPECT_GT(service.clients.requests_in_flight(), 100U);
  EXPECT_FALSE(service.region.probe(0, 0));
  service.region.heal(fault, kNoIncident);
  EXPECT_TRUE(service.region.probe(0, 0));
  service.run_out();
  EXPECT_EQ(service.ended(Outcome::kSucceeded), service.offered());
}

TEST(pod_faults, who_runs_into_a_hung_pod_blames_it) {
  ClientClassParams c = patient();
  c.first_token_timeout = 10_s;
  Service service(c, pools({EngineRole::kMixed}), {}, 2);
  service.run(20_s);
  const IncidentId why = service.world.incident("test", "test", {}, "");
  const u32 fault = service.region.hang({0, 1}, true, why);
  EXPECT_TRUE(service.region.probe(0, 0));  // its front end answers
  const IncidentId hung = service.world.journal.all().back().id;
  EXPECT_EQ(service.world.journal.all().back().causes, std::vector<IncidentId>{why});
  EXPECT_EQ(service.region.overload_incident(0), hung);
  service.run(60_s);
  EXPECT_GT(service.ended(Outcome::kTimeout), 50U);
  service.region.heal(fault, kNoIncident);
  service.run_out();
}

// A new process gets on; a slow machine stays slow under it.
TEST(pod_faults, a_restart_ends_a_hang_but_heals_no_hardware) {
  Service service(patient(), pools({EngineRole::kMixed}), {}, 2);
  service.run(20_s);
  service.region.hang({0, 1}, false, kNoIncident);
  const u32 slow = service.region.slow({0}, 4, kNoIncident);
  service.run(10_s);
  for (const PodId id : {0u, 1u}) {
    service.region.pod_killed(id, 0, kNoIncident);
    service.region.pod_started(id, 0);
  }
  EXPECT_TRUE(service.region.probe(0, 0));
  service.run(200_s);
  EXPECT_NE(service.region.overload_incident(0), kNoIncident);  // still the slow machine
  service.region.heal(slow, kNoIncident);
  EXPECT_EQ(service.region.overload_incident(0), kNoIncident);
  service.run_out();
}

TEST(pod_faults, nothing_is_struck_where_nothing_serves) {
  Service service(patient(), pools({EngineRole::kMixed}), {}, 2);
  EXPECT_EQ(service.region.hang({7}, false, kNoIncident), kNoFault);
  EXPECT_EQ(service.region.slow({}, 2, kNoIncident), kNoFault);
  EXPECT_TRUE(service.world.journal.all().empty());
  service.run_out();
}

}  // namespace test_pod_faults
}  // namespace stampede::test
