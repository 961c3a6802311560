// A region's door, engines and hand-over behind real clients: conservation under everything that
// can go wrong with pods, and each refusal by its own cause.
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_region {

TEST(region, answers_what_it_is_asked_mixed_or_handed_over) {
  for (const auto& roles :
       {std::vector{EngineRole::kMixed}, std::vector{EngineRole::kPrefill, EngineRole::kDecode}}) {
    Service s(Clients::single_turn(), pools(roles));
    s.run_out();
    EXPECT_EQ(s.ended(Outcome::kSucceeded), s.offered());
    EXPECT_EQ(s.region.counts().first_tokens, s.offered());
    EXPECT_EQ(s.region.counts().completed, s.offered());
    EXPECT_EQ(s.kv.written, s.offered());
    EXPECT_EQ(s.safety.told, s.offered());
    EXPECT_EQ(s.region.counts().prompt_tokens, s.clients.counts().prompt_tokens);
  }
}

// In every pool: what went into attempts that nobody had any use for, over all.
std::vector<double> wasted_shares(Service& s, std::size_t pools) {
  std::vector<double> shares;
  for (std::size_t w = 0; w < pools; ++w) {
    const EngineTime time = s.region.engine_time(static_cast<WorkloadId>(w));
    EXPECT_GT(time.busy, 0);
    EXPECT_LE(time.wasted, time.busy);
    shares.push_back(time.wasted / time.busy);
  }
  return shares;
}

TEST(region, engine_time_is_wasted_on_clients_who_left) {
  for (const auto& roles :
       {std::vector{EngineRole::kMixed}, std::vector{EngineRole::kPrefill, EngineRole::kDecode}}) {
    Service all_served(Clients::single_turn(), pools(roles));
    all_served.run_out();
    for (const double share : wasted_shares(all_served, roles.size())) EXPECT_EQ(share, 0);

    ClientClassParams impatient = Clients::single_turn();
    impatient.total_timeout = 100_ms;  // nobody waits for an answer
    impatient.cancel_on_timeout = {0};
    Service none_served(impatient, pools(roles));
    none_served.run_out();
    EXPECT_EQ(none_served.ended(Outcome::kSucceeded), 0U);
    for (const double share : wasted_shares(none_served, roles.size())) EXPECT_NEAR(share, 1, 1e-6);

    impatient.total_timeout = 5_s;  // with the cancellation what was done until then is wasted
    impatient.cancel_on_timeout = {1};
    Service cancelled(impatient, pools(roles));
    cancelled.run_out();
    EXPECT_GT(cancelled.ended(Outcome::kTimeout), cancelled.offered() / 2);
    const double uncancelled = none_served.region.engine_time(0).busy;
    EXPECT_LT(cancelled.region.engine_time(0).busy, roles.size() == 1 ? 0.7 * uncancelled : 1e9);
  }
}

// Tokens are the clients' own count, engine time the region's: the shares must agree.
TEST(region, wasted_engine_time_follows_the_tokens_of_wasted_answers) {
  ClientClassParams p = Clients::single_turn();
  p.total_timeout = 30_s;
  p.cancel_on_timeout = {0};
  Service s(p, pools({EngineRole::kPrefill, EngineRole::kDecode}));
  s.run_out();
  const Population::Counts& c = s.clients.counts();
  ASSERT_GT(c.doomed, 50U);
  ASSERT_LT(c.doomed, s.offered() - 50);
  // Of each answer the first token came from the prefill pool.
  const double wanted = static_cast<double>(c.wasted_tokens - c.doomed) /
                        static_cast<double>(c.output_tokens - s.offered());
  EXPECT_NEAR(wasted_shares(s, 2)[1], wanted, 1e-6);
}

// Every prompt's KV crosses the link of its prefill pod before it is decoded.
TEST(region, a_hand_over_waits_for_the_link) {
  std::vector<double> means;
  for (const double bandwidth : {0.0, 100e6, 20e6}) {
    ServingParams split = pools({EngineRole::kPrefill, EngineRole::kDecode});
    split.kv_transfer.bandwidth.bytes_per_second = bandwidth;
    split.kv_transfer.token_bytes.value = 70'272;
    Service s(Clients::single_turn(), split, {}, 0.1);  // nobody queues
    s.run_out();
    ASSERT_EQ(s.ended(Outcome::kSucceeded), s.offered());
    means.push_back(s.clients.e2e().mean() * 1e-9);
    if (bandwidth == 0) continue;
    const double prompt =
        static_cast<double>(s.clients.counts().prompt_tokens) / static_cast<double>(s.offered());
    EXPECT_NEAR(means.back() - means.front(), prompt * 70'272 / bandwidth,
                0.02 * prompt * 70'272 / bandwidth + 0.05);
  }
}

TEST(kv_link, transfers_queue_one_behind_the_other) {
  KvTransferParams p;
  p.token_bytes.value = 1000;
  KvLink link;
  EXPECT_EQ(link.send(Instant{} + 1_s, 5000, p), Instant{} + 1_s);  // no bandwidth: no time
  p.bandwidth.bytes_per_second = 1e6;
  EXPECT_EQ(link.send(Instant{} + 1_s, 500, p), Instant{} + 1500_ms);
  EXPECT_EQ(link.send(Instant{} + 1100_ms, 1000, p), Instant{} + 2500_ms);
  EXPECT_EQ(link.send(Instant{} + 4_s, 1000, p), Instant{} + 5_s);
}

TEST(region, conserves_requests_when_pods_die_and_clients_leave_and_retry) {
  for (const double cancel : {0.0, 0.3, 1.0}) {
    ClientClassParams p = Clients::single_turn();
    p.total_timeout = 30_s;
    p.cancel_on_timeout = {cancel};
    p.retry.policy = RetryKind::kFullJitter;
    p.resubmit = {{0.5}, 3, 5_s};
    Service s(p, pools({EngineRole::kPrefill, EngineRole::kDecode}), {}, 20);
    s.run(30_s);
    s.region.pod_stopped(2, 1, kNoIncident);  // its endpoint stays: stale
    s.run(40_s);
    s.region.pod_stopped(0, 0, kNoIncident);
    s.region.endpoints_changed(0, {1}, 9);
    s.run(20_s);
    s.region.pod_started(4, 1);
    s.pods.push_back(4);
    s.region.endpoints_changed(1, {3, 4}, kNoIncident);
    s.run_out();
    EXPECT_GT(s.ended(Outcome::kSucceeded), 0U);
    EXPECT_GT(s.clients.counts().attempts_ended[static_cast<std::size_t>(Outcome::kTruncated)], 0U);
    EXPECT_GT(s.clients.counts().attempts_ended[static_cast<std::size_t>(Outcome::kTimeout)], 0U);
    EXPECT_EQ(s.region.counts().aborted > 0, cancel > 0);
    EXPECT_EQ(s.kv.aborted_tokens > 0, cancel > 0);
  }
}

TEST(region, a_terminating_pod_finishes_what_it_has_within_its_grace) {
  ClientClassParams p = Clients::single_turn();
  p.answer = {100, 0.1, 1, 1000};  // about 4 s
  for (const Duration grace : {20_s, 1_s}) {
    ServingParams serving = pools({EngineRole::kMixed});
    serving.termination_grace = grace;
    Service s(p, serving);
    s.run(50_s);
    s.region.endpoints_changed(0, {1}, kNoIncident);
    s.region.pod_stopped(0, 0, kNoIncident);
    s.run_out();
    const u64 cut = s.ended(Outcome::kTruncated);
    EXPECT_EQ(cut > 0, grace == 1_s);
    EXPECT_EQ(s.ended(Outcome::kSucceeded) + cut, s.offered());
  }
}

// Keeps one pod out from a time on and counts what it is told.
struct HandFilter final : EndpointFilter {
  PodId out;
  Instant from;
  std::vector<std::vector<PodId>> saw;
  u64 first_tokens = 0;
  std::array<u64, static_cast<std::size_t>(Outcome::kCount)> heard{};
  HandFilter(PodId pod, Instant at) : out(pod), from(at) {}
  void filter(Instant now, std::vector<PodId>& pods) override {
    saw.push_back(pods);
    if (now >= from) pods.erase(std::remove(pods.begin(), pods.end(), out), pods.end());
    if (now >= from) from = Instant{};
  }
  bool changed() const override { return false; }
  Instant next_change() const override { return from > Instant{} ? from : kNever; }
  void first_token(PodId, Duration waited, Instant) override {
    EXPECT_GT(waited.ns, 0);
    ++first_tokens;
  }
  void ended(PodId, Outcome outcome, Duration, Instant) override {
    ++heard[static_cast<std::size_t>(outcome)];
  }
  u64 of(Outcome outcome) const { return heard[static_cast<std::size_t>(outcome)]; }
};

TEST(region, filters_stand_in_order_before_the_choice) {
  HandFilter first(0, Instant{} + 25_s), second(1, Instant{} + 45_s);
  Service s(Clients::single_turn(), pools({EngineRole::kMixed}), {}, 10, {{&first, &second}});
  s.run(20_s);
  EXPECT_EQ(s.region.known_endpoints(0), 2U);
  s.run(10_s);
  EXPECT_EQ(s.region.known_endpoints(0), 1U);
  EXPECT_EQ(second.saw.back(), std::vector<PodId>{1});  // what the first has left
  s.run(20_s);
  EXPECT_EQ(s.region.known_endpoints(0), 0U);
  s.run_out();
  EXPECT_GT(s.ended(Outcome::kRejected503), 0U);
  EXPECT_EQ(first.saw.back(), (std::vector<PodId>{0, 1}));
}

// Everything that happened at a pod, once, to everybody who listens.
TEST(region, who_learns_hears_how_every_attempt_at_a_pod_ended) {
  ClientClassParams p = Clients::single_turn();
  p.total_timeout = 30_s;
  p.cancel_on_timeout = {0.5};
  p.answer = {200, 0.5, 1, 2000};
  GatewayParams bounded;
  bounded.max_queue = 5;
  HandFilter first(9, kNever), second(9, kNever);
  ServingParams serving = pools({EngineRole::kMixed});
  serving.termination_grace = 1_s;
  Service s(p, serving, bounded, 60, {{&first, &second}});
  s.run(50_s);
  s.region.pod_stopped(0, 0, kNoIncident);  // its endpoint stays: connections are refused
  s.run_out();
  const auto& ended = s.clients.counts().attempts_ended;
  EXPECT_EQ(first.of(Outcome::kRejected503), s.region.counts().refused_503);
  EXPECT_EQ(first.of(Outcome::kTruncated), ended[static_cast<std::size_t>(Outcome::kTruncated)]);
  EXPECT_EQ(first.of(Outcome::kSucceeded), s.region.counts().completed);
  EXPECT_EQ(first.first_tokens, s.region.counts().first_tokens);
  u64 all = 0;
  for (const u64 n : first.heard) all += n;
  EXPECT_EQ(all, s.clients.counts().attempts);
  for (const Outcome outcome :
       {Outcome::kRejected503, Outcome::kTruncated, Outcome::kSucceeded, Outcome::kTimeout})
    EXPECT_GT(first.of(outcome), 0U) << name_of(outcome);
  EXPECT_EQ(first.heard, second.heard);
}

// Within its grace an old engine still holds attempts; another may start only when it has ended.
TEST(region, a_pod_restarts_when_its_old_engine_has_ended) {
  ClientClassParams p = Clients::single_turn();
  p.answer = {100, 0.1, 1, 1000};  // about 4 s
  p.retry.policy = RetryKind::kFullJitter;
  Service s(p, pools({EngineRole::kMixed}));
  s.run(50_s);
  s.region.endpoints_changed(0, {1}, kNoIncident);
  s.region.pod_stopped(0, 0, kNoIncident);
  EXPECT_FALSE(s.region.ended(0));
  EXPECT_THROW(s.region.pod_started(0, 0), InvariantError);
  s.run(20_s);
  EXPECT_TRUE(s.region.ended(0));
  s.region.pod_started(0, 0);
  s.region.endpoints_changed(0, {0, 1}, kNoIncident);
  s.run_out();
}

// The grace of an earlier end does not cut a later one short.
TEST(region, each_end_of_a_pod_has_its_own_grace) {
  ClientClassParams p = Clients::single_turn();
  p.answer = {100, 0.1, 1, 1000};  // about 4 s
  Service s(p, pools({EngineRole::kMixed}));
  s.run(30_s);
  s.region.pod_stopped(0, 0, kNoIncident);  // grace 20 s
  s.run(15_s);
  ASSERT_TRUE(s.region.ended(0));
  s.region.pod_started(0, 0);
  s.run(4_s);
  s.region.pod_stopped(0, 0, kNoIncident);  // 1 s before the first grace is over
  EXPECT_FALSE(s.region.ended(0));
  s.run(2_s);
  EXPECT_FALSE(s.region.ended(0));
  EXPECT_EQ(s.clients.counts().attempts_ended[static_cast<std::size_t>(Outcome::kTruncated)], 0U);
  s.run_out();
}

// What stopped a pod is the cause of its broken answers, and of what their retries bring elsewhere.
TEST(region, retries_carry_what_ended_the_attempt_before) {
  ClientClassParams p = Clients::single_turn();
  p.answer = {100, 0.1, 1, 1000};
  p.retry.policy = RetryKind::kFullJitter;
  ServingParams serving = pools({EngineRole::kMixed});
  serving.termination_grace = 1_s;
  Service s(p, serving);
  s.run(50_s);
  EXPECT_EQ(s.region.overload_incident(1), kNoIncident);
  s.region.endpoints_changed(0, {1}, kNoIncident);
  s.region.pod_stopped(0, 0, 12);
  s.run(15_s);
  EXPECT_GT(s.clients.counts().retries, 0U);
  EXPECT_EQ(s.region.overload_incident(1), 12u);
  s.run(90_s);
  EXPECT_EQ(s.region.overload_incident(1), kNoIncident);  // long ago
  s.run_out();
}

// A killed pod has no grace: what it had breaks off in that instant, and names the kill, as does
// what still comes to it by a stale endpoint.
TEST(region, a_killed_pod_ends_at_once_and_is_blamed) {
  ClientClassParams p = Clients::single_turn();
  p.answer = {100, 0.1, 1, 1000};  // about 4 s
  Service s(p, pools({EngineRole::kMixed}));
  s.run(50_s);
  s.region.pod_killed(0, 0, 12);
  EXPECT_TRUE(s.region.ended(0));
  EXPECT_GT(s.clients.counts().attempts_ended[static_cast<std::size_t>(Outcome::kTruncated)], 0U);
  EXPECT_EQ(s.ended(Outcome::kRejected503), 0U);
  for (int k = 0; k < 8; ++k) {
    s.run(5_s);
    s.level.sample();
  }
  EXPECT_GT(s.ended(Outcome::kRejected503), 0U);  // the endpoint stays: stale
  const Alarm alarm = s.level.success_below(1.0);
  EXPECT_EQ(alarm.shown_by, std::vector<IncidentId>{12});
  s.run_out();
}

TEST(region, each_refusal_has_its_own_cause) {
  const auto outcome = [](auto prepare, GatewayParams gateway) {
    Service s(Clients::single_turn(), pools({EngineRole::kMixed}), gateway);
    prepare(s);
    s.run_out();
    std::vector<u64> ended;
    for (const Outcome o : {Outcome::kSucceeded, Outcome::kBreaker, Outcome::kRejected503,
                            Outcome::kRejected429, Outcome::kAuthFailed})
      ended.push_back(s.ended(o));
    u64 sum = 0;
    for (const u64 n : ended) sum += n;
    EXPECT_EQ(sum, s.offered());
    return ended;
  };
  const auto nothing = [](Service&) {};
  EXPECT_EQ(outcome([](Service& s) { s.safety.open = true; }, {})[0], 0U);
  EXPECT_GT(outcome([](Service& s) { s.safety.open = true; }, {})[1], 0U);
  EXPECT_EQ(outcome([](Service& s) { s.region.endpoints_changed(0, {}, 9); }, {})[0], 0U);
  EXPECT_GT(outcome([](Service& s) { s.region.endpoints_changed(0, {}, 9); }, {})[2], 0U);
  GatewayParams limited;
  limited.rate_limit = {60, 1_min};
  const auto limit = outcome(nothing, limited);
  EXPECT_EQ(limit[0], 120U);  // two windows in 100 s
  EXPECT_GT(limit[3], 700U);
  GatewayParams bounded;
  bounded.max_queue = 1;
  const auto queue = outcome([](Service& s) { s.region.pod_stopped(1, 0, kNoIncident); }, bounded);
  EXPECT_GT(queue[2], 300U);  // half of the picks meet the stale endpoint at least
  const auto of_engine = [](auto bound) {
    ServingParams p = pools({EngineRole::kMixed});
    bound(p.pools[0].engine);
    Service s(Clients::single_turn(), p);
    s.run_out();
    EXPECT_EQ(s.ended(Outcome::kSucceeded) + s.ended(Outcome::kRejected503), s.offered());
    return s.ended(Outcome::kRejected503);
  };
  EXPECT_EQ(of_engine([](EngineParams&) {}), 0U);
  EXPECT_GT(of_engine([](EngineParams& e) { e.max_num_queued_reqs = 4; }), 300U);
  EXPECT_GT(of_engine([](EngineParams& e) { e.max_num_queued_tokens = 1; }), 10U);
  GatewayParams logins;
  logins.sessions = {.pool_size = 1,
                     .pools = 1,
                     .database_limit = 1,
                     .hold = 400_ms,
                     .wait_timeout = 1_s};  // 2.5 log-ins a second of 10
  const auto auth = outcome(nothing, logins);
  EXPECT_NEAR(static_cast<double>(auth[0]), 250, 6);
  EXPECT_GT(auth[4], 600U);
}

// A log-in's wait comes before the first token: one connection, evenly drawn from by ten callers a
// second, half of the time in use (M/D/1: a mean wait of 25 ms).
TEST(region, a_wait_for_a_connection_delays_the_request) {
  const auto first_token = [](Duration hold, Duration timeout) {
    ClientClassParams p = Clients::single_turn();
    p.total_timeout = timeout;
    p.cancel_on_timeout = {1};
    GatewayParams gateway;
    gateway.sessions = {.pool_size = 1, .pools = 1, .database_limit = 1, .hold = hold};
    Service s(p, pools({EngineRole::kMixed}), gateway);
    s.run_out();
    return s.clients.ttft().mean();
  };
  EXPECT_NEAR(first_token(50_ms, 0_s) - first_token(0_s, 0_s), 25e6, 8e6);
  // Who leaves while it waits is gone: nothing is left behind, checked by run_out().
  first_token(200_ms, 5_s);
}

// What brings traffic names its overload: the latest failover or ramp, not the first ever.
TEST(region, the_ramp_takes_the_place_of_an_older_failover) {
  Service s(Clients::single_turn(), pools({EngineRole::kMixed}));
  s.run(20_s);
  EXPECT_EQ(s.region.overload_incident(0), kNoIncident);
  s.balancer.answer.moved_by = 3;
  s.run(20_s);
  EXPECT_EQ(s.region.overload_incident(0), 3u);
  s.balancer.answer.moved_by = kNoIncident;
  s.safety.ramp = 8;
  s.run(20_s);
  EXPECT_EQ(s.region.overload_incident(0), 8u);
  s.run_out();
}

// Who waited in vain was held up by the overload, and before there is one by what brought it here.
TEST(region, what_is_late_names_the_overload_or_what_brought_it) {
  ClientClassParams p = Clients::single_turn();
  p.first_token_timeout = 2_s;
  ServingParams slow = pools({EngineRole::kMixed});
  slow.pools[0].front_end.cpu_per_request = 1_s;
  Service s(p, slow);
  const IncidentId failover = s.world.incident("failover_started", "test", {}, "");
  s.balancer.answer.moved_by = failover;
  s.level.sample();
  s.run(20_s);
  s.level.sample();
  ASSERT_EQ(s.region.overload_incident(0), failover);
  EXPECT_EQ(s.level.success_below(1).shown_by, std::vector<IncidentId>{failover});
  for (int k = 0; k < 90 && s.world.journal.all().back().kind != "replica_overloaded"; ++k)
    s.run(1_s);
  const IncidentId overload = s.world.journal.all().back().id;
  ASSERT_EQ(s.world.journal.all().back().kind, "replica_overloaded");
  s.run(10_s);
  const std::vector<IncidentId> shown = s.level.success_below(1).shown_by;
  EXPECT_EQ(std::count(shown.begin(), shown.end(), overload), 1);
  s.run_out();
}

ServingParams overloaded_by_all() {
  ServingParams slow = pools({EngineRole::kMixed});
  slow.pools[0].front_end.cpu_per_request = 1_s;
  return slow;
}
// Null: none.
const Incident* last_of(const World& world, std::string_view kind) {
  const Incident* last = nullptr;
  for (const Incident& i : world.journal.all())
    if (i.kind == kind) last = &i;
  return last;
}

// An overload ends with a word: what took its load away, as far as somebody did.
TEST(region, an_overload_ends_and_names_what_relieved_it) {
  for (const bool shed : {true, false}) {
    Service s(Clients::single_turn(), overloaded_by_all());
    s.run(90_s);
    const IncidentId overload = s.world.journal.all().back().id;
    ASSERT_EQ(s.world.journal.all().back().kind, "replica_overloaded");
    TurnAway everybody;
    if (shed) s.region.turn_away(everybody, kNoIncident);
    s.run(2000_s);
    const Incident* relieved = last_of(s.world, "replica_relieved");
    ASSERT_NE(relieved, nullptr);
    EXPECT_EQ(relieved->causes.front(), overload);
    EXPECT_EQ(relieved->causes.size(), shed ? 2U : 1U);
    ASSERT_EQ(s.world.journal.closings().size(), 1U);
    EXPECT_EQ(s.world.journal.closings()[0].began, overload);
    EXPECT_EQ(s.world.journal.closings()[0].faded, !shed);
  }
}

// Pods that are lost take no load off the others.
TEST(region, an_overload_that_ends_with_its_pods_was_not_relieved_by_their_loss) {
  Service s(Clients::single_turn(), overloaded_by_all());
  s.run(90_s);
  const IncidentId overload = s.world.journal.all().back().id;
  ASSERT_EQ(s.world.journal.all().back().kind, "replica_overloaded");
  const IncidentId lost = s.world.incident("nodes_lost", "test", {}, "");
  s.region.pod_killed(0, 0, lost);
  s.run(200_s);
  const Incident* relieved = last_of(s.world, "replica_relieved");
  ASSERT_NE(relieved, nullptr);
  EXPECT_EQ(relieved->causes, std::vector<IncidentId>{overload});
}

TEST(front_end, backlog_drains_at_its_cores_and_probes_fail_past_their_time_out) {
  FrontEndParams p;
  p.cores = 2;
  FrontEnd f;
  f.charge(10);
  EXPECT_DOUBLE_EQ(f.delay(Instant{}, p), 5);
  EXPECT_FALSE(f.answers(0.999, p));
  EXPECT_DOUBLE_EQ(f.delay(Instant{} + 2_s, p), 3);
  EXPECT_DOUBLE_EQ(f.used(Instant{} + 2_s, p), 4);
  EXPECT_DOUBLE_EQ(f.delay(Instant{} + 60_s, p), 0);
  EXPECT_DOUBLE_EQ(f.measure(Instant{} + 60_s, 0, 0, p), 10.0 / 60 / 2);
  EXPECT_TRUE(f.answers(1e-6, p));
}

TEST(front_end, utilisation_counts_requests_and_streamed_tokens) {
  FrontEndParams p;
  p.cpu_per_output_token = 1_ms;
  FrontEnd f;
  f.charge(3);
  EXPECT_DOUBLE_EQ(f.measure(Instant{} + 10_s, 5000, 0, p), 0.3 + 0.5);
  // Streaming takes its half first: a second of new work lasts two.
  f.charge(1);
  EXPECT_DOUBLE_EQ(f.delay(Instant{} + 10_s, p), 1);
  EXPECT_DOUBLE_EQ(f.delay(Instant{} + 11_s, p), 0.5);
  EXPECT_DOUBLE_EQ(f.measure(Instant{} + 20_s, 17'000, 0, p), 0.1 + 1.2);
  EXPECT_FALSE(f.answers(0.999, p));  // falling behind
}

TEST(front_end, late_probes_follow_the_tail_of_the_sojourn_time) {
  FrontEndParams p;
  FrontEnd f;
  f.charge(9.5);
  f.measure(Instant{} + 10_s, 0, 0, p);
  const double late = math::exp(-0.05 * 1.0 / 0.033);
  EXPECT_FALSE(f.answers(late - 1e-9, p));
  EXPECT_TRUE(f.answers(late + 1e-9, p));
}

TEST(connection_pool, queues_first_come_first_served_and_gives_up) {
  ConnectionPoolParams p{.pool_size = 2, .pools = 1, .hold = 1_s, .wait_timeout = 1500_ms};
  ConnectionPool pool(p);
  const Instant t{};
  EXPECT_EQ(pool.acquire(t), Duration{});
  EXPECT_EQ(pool.acquire(t), Duration{});
  EXPECT_EQ(pool.acquire(t), 1_s);
  EXPECT_EQ(pool.acquire(t), 1_s);
  EXPECT_LT(pool.acquire(t).ns, 0);  // would wait 2 s
  EXPECT_EQ(pool.acquire(t + 500_ms), 1500_ms);
  EXPECT_EQ(pool.acquire(t + 60_s), Duration{});
  p = {.pool_size = 100, .pools = 2, .hold = 1_s};  // the database bounds both pools together
  ConnectionPool bounded(p);
  for (int i = 0; i < 150; ++i) ASSERT_EQ(bounded.acquire(t), Duration{});
  EXPECT_EQ(bounded.acquire(t), 1_s);
}

// Nobody decodes: the answer breaks off where it was to be handed over, and nothing is held on to.
TEST(region, without_decoders_a_hand_over_breaks_off) {
  Service s(Clients::single_turn(), pools({EngineRole::kPrefill, EngineRole::kDecode}));
  s.region.endpoints_changed(1, {}, 9);
  s.run_out();
  EXPECT_EQ(s.ended(Outcome::kTruncated), s.offered());
  EXPECT_EQ(s.region.holds(), 0U);
}

// With a bound of one in line a pod that answers nobody holds those that run and one more.
TEST(region, a_queue_bound_is_exact) {
  for (const i64 bound : {1, 3}) {
    ServingParams p = pools({EngineRole::kMixed});
    p.pools[0].engine.max_num_seqs = 1;
    p.pools[0].engine.step_base = 4_s;
    p.pools[0].front_end.cpu_per_request = 0_s;
    GatewayParams gateway;
    gateway.max_queue = static_cast<decltype(gateway.max_queue)>(bound);
    Service s(Clients::single_turn(), p, gateway);
    s.run(100_s);
    EXPECT_EQ(s.region.holds(), static_cast<u64>(2 * (1 + bound)));  // two pods
    EXPECT_EQ(s.region.waiting(), static_cast<u64>(2 * bound));
  }
}

}  // namespace test_region
}  // namespace stampede::test
