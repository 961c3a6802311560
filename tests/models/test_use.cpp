// A use of a service: cache, time-out, retries, and how the caller goes on without an answer.
#include <gtest/gtest.h>

#include "models/dependencies/health_check.h"
#include "models/dependencies/use_chain.h"
#include "tests/models/service_fixture.h"

namespace stampede::test {
namespace test_use {

UseParams with_cache() {
  UseParams u;
  u.cache.size = 100;
  u.cache.keys = 100;
  u.cache.ttl = 10_s;
  return u;
}

TEST(use, keeps_answers_for_their_time) {
  OneUse one(hundred_a_second(), with_cache());
  one.ask(5);
  one.run(1_s);
  one.ask(5);
  EXPECT_EQ(one.use.counts().hits, 1U);
  EXPECT_EQ(one.service.counts().offered, 1U);
  one.run(10_s);
  one.ask(5);
  EXPECT_EQ(one.use.counts().hits, 1U);
}

// A tenth of the keys is kept: the share of hits is about the weight of the most popular tenth.
TEST(use, finds_what_is_popular) {
  UseParams u = with_cache();
  u.cache.keys = 1000;
  u.cache.ttl = 10'000_s;
  ServiceParams s = hundred_a_second();
  s.service_time = 1_ms;
  const auto hits = [&](double exponent) {
    u.cache.popularity = exponent;
    OneUse one(s, u);
    one.ask_at(100, 200_s);
    return static_cast<double>(one.use.counts().hits) / static_cast<double>(one.use.counts().asked);
  };
  EXPECT_NEAR(hits(0), 0.1, 0.02);
  EXPECT_GT(hits(1), 0.4);
}

TEST(use, an_answer_past_its_time_is_used_while_there_is_no_other) {
  UseParams u = with_cache();
  u.cache.stale_if_error = 1_min;
  OneUse one(hundred_a_second(), u);
  one.ask(5);
  one.run(20_s);
  one.service.fail(1, false, 7);
  const u32 soon = one.ask(5), other = one.ask(4);
  EXPECT_TRUE(one.caller.replies.at(soon).ok);
  EXPECT_FALSE(one.caller.replies.at(other).ok);
  one.run(1_min);
  EXPECT_FALSE(one.caller.replies.at(one.ask(5)).ok);
  EXPECT_EQ(one.use.counts().stale, 1U);
}

TEST(use, goes_on_without_an_answer_as_it_is_told) {
  const auto reply = [](OnFailure how, Duration after) {
    UseParams u = with_cache();
    u.on_failure = how;
    u.degraded_time = 2_s;
    OneUse one(hundred_a_second(), u);
    one.ask(5);
    one.run(1_h);
    one.service.fail(1, false, 7);
    const u32 tag = one.ask(how == OnFailure::kStale ? 5 : 6);
    EXPECT_EQ(one.caller.replies.count(tag), after.ns == 0 ? 1U : 0U);
    one.run(after);
    return one.caller.replies.at(tag).ok;
  };
  EXPECT_FALSE(reply(OnFailure::kFail, {}));
  EXPECT_TRUE(reply(OnFailure::kOpen, {}));
  EXPECT_TRUE(reply(OnFailure::kStale, {}));
  EXPECT_TRUE(reply(OnFailure::kDegrade, 2_s));
}

TEST(use, gives_up_at_its_time_out_and_tells_once) {
  OneUse one(hundred_a_second(), UseParams{});
  one.service.slow(30, 7);
  const u32 tag = one.ask();
  one.run(10_s);
  EXPECT_EQ(one.caller.times.at(tag), 1U);
  EXPECT_EQ(one.caller.at.at(tag), Instant{} + 1_s);
  EXPECT_FALSE(one.caller.replies.at(tag).ok);
  EXPECT_EQ(one.service.counts().wasted, 1U);
}

TEST(use, tries_again_as_its_client_library_does) {
  RetryParams r;
  r.policy = RetryKind::kFixed;
  r.base = 2_s;
  r.max_attempts = 3;
  OneUse one(hundred_a_second(), UseParams{}, r);
  const u32 fault = one.service.fail(1, false, 7);
  const u32 tag = one.ask();
  one.run(3_s);
  one.service.heal(fault, 8);
  one.run(5_s);
  EXPECT_EQ(one.use.counts().tries, 3U);
  EXPECT_TRUE(one.caller.replies.at(tag).ok);
  EXPECT_EQ(one.caller.at.at(tag), Instant{} + 4_s + 100_ms);
}

TEST(use, who_leaves_hears_nothing_more) {
  OneUse one(hundred_a_second(), UseParams{});
  const u32 tag = one.ask();
  EXPECT_TRUE(one.use.waits(tag));
  one.use.leave(tag);
  EXPECT_FALSE(one.use.waits(tag));
  one.run(10_s);
  EXPECT_TRUE(one.caller.times.empty());
  EXPECT_EQ(one.service.counts().wasted, 1U);
}

TEST(use, the_way_to_another_region_takes_its_time_or_is_cut) {
  struct Path final : NetworkPort {
    PathState state;
    const PathState& path(ClientNetwork, RegionId) const override { return state; }
    const PathState& between(RegionId, RegionId) const override { return state; }
    ClientNetwork client_networks() const override { return 1; }
    RegionId home(ClientNetwork) const override { return 0; }
    double weight(ClientNetwork) const override { return 1; }
  } path;
  path.state.round_trip = 30_ms;
  OneUse one(hundred_a_second());
  Use far(one.world, "far", {}, {&one.service, one.retries.get(), &path, 0, 1});
  far.ask(0, 0, one.caller, kNoIncident);
  one.run(1_s);
  EXPECT_EQ(one.caller.at.at(0), Instant{} + 130_ms);
  path.state.reach = Reach::kBlackHole;
  path.state.cause = 9;
  far.ask(0, 1, one.caller, kNoIncident);
  one.run(2_s);
  EXPECT_FALSE(one.caller.replies.at(1).ok);
  EXPECT_EQ(one.caller.replies.at(1).cause, 9U);
  EXPECT_EQ(one.service.counts().offered, 1U);
}

// A call and its answer are given to the way, are late by what it says, and who waits too long
// names it.
TEST(use, a_way_that_loses_segments_makes_calls_late) {
  struct Lossy final : PathHarm {
    Duration request_delay(double, u32, Duration) const override { return {}; }
    Duration answer_delay(double, Duration) const override { return {}; }
    Duration end_delay(double, u32, Duration, Duration) const override { return {}; }
    void carry(u32, u32, IncidentId) const override {}
    Duration deliver(double u, double bytes, Duration, IncidentId cause) const override {
      EXPECT_GT(u, 0);
      carried += bytes;
      brought_by = cause;
      return late;
    }
    IncidentId cause() const override { return 9; }
    void eased(const Relief&) const override {}
    mutable double carried = 0;
    mutable IncidentId brought_by = kNoIncident;
    Duration late = 200_ms;
  } lossy;
  struct Path final : NetworkPort {
    PathState state;
    const PathState& path(ClientNetwork, RegionId) const override { return state; }
    const PathState& between(RegionId, RegionId) const override { return state; }
    ClientNetwork client_networks() const override { return 1; }
    RegionId home(ClientNetwork) const override { return 0; }
    double weight(ClientNetwork) const override { return 1; }
  } path;
  path.state.round_trip = 30_ms;
  path.state.harm = &lossy;
  OneUse one(hundred_a_second());
  UseParams u;
  u.question_size = Bytes{300};
  u.answer_size = Bytes{5000};
  Use far(one.world, "far", u, {&one.service, one.retries.get(), &path, 0, 1});
  far.ask(0, 0, one.caller, 4);
  EXPECT_EQ(lossy.carried, 5300);
  EXPECT_EQ(lossy.brought_by, 4U);
  one.run(1_s);
  EXPECT_EQ(one.caller.at.at(0), Instant{} + 530_ms);
  lossy.late = 2_s;
  far.ask(0, 1, one.caller, kNoIncident);
  EXPECT_EQ(far.delayed_by(1), 9U);
  one.run(2_s);
  EXPECT_FALSE(one.caller.replies.at(1).ok);
  EXPECT_EQ(one.caller.replies.at(1).cause, 9U);
}

// Nodes stand on a ring: what one loses no other has, and who asks again because of it says so.
TEST(use, loses_what_the_nodes_of_its_cache_held) {
  UseParams u = with_cache();
  u.cache.size = u.cache.keys = 1000;
  u.cache.ttl = 10'000_s;
  u.cache.popularity = 0;
  ServiceParams s = hundred_a_second();
  s.service_time = 1_ms;
  OneUse one(s, u);
  EXPECT_EQ(one.use.lose_answers(0, 1, 3), kNoIncident) << "nothing is kept yet";
  const auto hits = [&] {  // of the next hundred
    const u64 before = one.use.counts().hits;
    one.ask_at(100, 1_s);
    return static_cast<double>(one.use.counts().hits - before) / 100;
  };
  one.ask_at(100, 100_s);
  EXPECT_GT(hits(), 0.97);
  const IncidentId lost = one.use.lose_answers(0, 0.25, 3);
  EXPECT_EQ(one.world.journal.all()[lost - 1].kind, "answers_lost");
  EXPECT_EQ(one.world.journal.all()[lost - 1].causes, std::vector<IncidentId>{3});
  EXPECT_NEAR(hits(), 0.75, 0.12);
  one.use.lose_answers(0.9, 0.5, 3);  // round the end of the ring
  EXPECT_NEAR(hits(), 0.5, 0.14);
  one.use.lose_answers(0, 1, 3);
  EXPECT_LT(hits(), 0.15);
  one.ask_at(100, 100_s);
  EXPECT_GT(hits(), 0.97) << "it fills again";
  const IncidentId all = one.use.lose_answers(0, 1, 3);
  const u32 tag = one.ask(5);
  EXPECT_EQ(one.use.delayed_by(tag), all);
}

// Between two regions 30 ms apart.
struct TwoRegions final : NetworkPort {
  PathState ways[2][2];
  TwoRegions() { ways[0][1].round_trip = ways[1][0].round_trip = 30_ms; }
  const PathState& path(ClientNetwork, RegionId to) const override { return ways[0][to]; }
  const PathState& between(RegionId from, RegionId to) const override { return ways[from][to]; }
  ClientNetwork client_networks() const override { return 1; }
  RegionId home(ClientNetwork) const override { return 0; }
  double weight(ClientNetwork) const override { return 1; }
};

TEST(use, of_an_anycast_service_goes_to_the_nearest_that_has_not_withdrawn) {
  TwoRegions network;
  OneUse here(hundred_a_second());
  stampede::Service there(here.world, "there", hundred_a_second());
  Use use(here.world, "anycast", {},
          {&here.service, here.retries.get(), &network, 0, 0, {{&here.service, 0}, {&there, 1}}});
  use.ask(0, 0, here.caller, kNoIncident);
  EXPECT_EQ(here.service.station().present(), 1U);
  here.run(1_s);
  here.service.withdraw(7);
  use.ask(0, 1, here.caller, kNoIncident);
  EXPECT_EQ(there.station().present(), 1U);
  here.run(1_s);
  EXPECT_EQ(here.caller.at.at(1), Instant{} + 1_s + 130_ms);
  there.withdraw(8);
  EXPECT_FALSE(use.ask(0, 2, here.caller, kNoIncident)->ok);
  here.service.announce();
  use.ask(0, 3, here.caller, kNoIncident);
  here.run(1_s);
  EXPECT_TRUE(here.caller.replies.at(3).ok);
}

TEST(health_check, withdraws_after_some_failures_and_comes_back_after_some_successes) {
  OneUse one(hundred_a_second());
  bool well = true;
  HealthCheck check(one.world, "health", one.service, {[&] {
                      return HealthCheck::Found{well, well ? kNoIncident : 7};
                    }});
  check.start();
  one.run(1_min);
  EXPECT_FALSE(one.service.withdrawn());
  well = false;
  one.run(19_s);
  EXPECT_FALSE(one.service.withdrawn());
  one.run(12_s);
  EXPECT_TRUE(one.service.withdrawn());
  EXPECT_EQ(one.first("service_withdrawn")->causes, std::vector<IncidentId>{7});
  EXPECT_FALSE(one.caller.replies.count(one.ask()) != 0 && one.caller.good > 0);
  well = true;
  one.run(31_s);
  EXPECT_FALSE(one.service.withdrawn());
  EXPECT_NE(one.first("service_announced"), nullptr);
}

struct Pushes final : RoutingControlPort {
  IncidentId push_policy(RegionId r, const ExportPolicy& p, IncidentId cause) override {
    region = r;
    policy = p;
    pushed_because = cause;
    return 99;
  }
  IncidentId restore_policy(RegionId, IncidentId) override { return kNoIncident; }
  void take_back(RegionId, IncidentId pushed, IncidentId) override { taken_back = pushed; }
  Alarm prefix_withdrawn() const override { return {}; }
  bool was_pushed(RegionId) const override { return false; }
  RegionId region = kNoRegion;
  ExportPolicy policy;
  IncidentId pushed_because = kNoIncident, taken_back = kNoIncident;
};

// One that is announced by prefixes withdraws these, and answers whom routing still leads to it.
TEST(health_check, withdraws_the_prefixes_of_what_is_announced_by_them) {
  ServiceParams params = hundred_a_second();
  params.health.prefixes = Share{0.5};
  OneUse one(params);
  Pushes routing;
  bool well = false;
  HealthCheck check(one.world, "health", one.service, {[&] {
                      return HealthCheck::Found{well, kNoIncident};
                    }},
                    &routing, 3);
  check.start();
  one.run(31_s);
  EXPECT_TRUE(one.service.withdrawn());
  EXPECT_FALSE(one.service.gone());
  EXPECT_TRUE(one.service.unavailable().holds);
  EXPECT_EQ(routing.region, 3);
  EXPECT_EQ(routing.policy.export_, ExportChoice::kNone);
  EXPECT_EQ(routing.policy.prefixes.value, 0.5);
  EXPECT_EQ(routing.pushed_because, one.first("service_withdrawn")->id);
  one.ask();
  one.run(1_s);
  EXPECT_EQ(one.caller.good, 1U);
  well = true;
  one.run(31_s);
  EXPECT_FALSE(one.service.withdrawn());
  EXPECT_EQ(routing.taken_back, 99U);
}

TEST(use_chain, asks_in_turn_until_one_fails) {
  OneUse first(hundred_a_second());
  stampede::Service second_service(first.world, "other", hundred_a_second());
  Use second(first.world, "other use", {}, {&second_service, first.retries.get()});
  UseChain chain({&first.use, &second});
  chain.ask(0, 0, first.caller, kNoIncident);
  first.run(150_ms);
  EXPECT_EQ(second_service.station().present(), 1U);
  first.run(100_ms);
  EXPECT_EQ(first.caller.at.at(0), Instant{} + 200_ms);
  second_service.fail(1, false, 7);
  chain.ask(0, 1, first.caller, kNoIncident);
  first.run(1_s);
  EXPECT_FALSE(first.caller.replies.at(1).ok);
  EXPECT_EQ(first.caller.replies.at(1).stage, 1);
  EXPECT_FALSE(chain.waits(1));
}

}  // namespace test_use
}  // namespace stampede::test
