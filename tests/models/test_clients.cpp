// The clients' half of the request path against a server that does as it is told: time-outs and
// cancellation, retries, resubmission, deferral, agents' tasks, fallback, conservation.
#include <set>

#include "tests/models/client_fixture.h"

namespace stampede::test {
namespace test_clients {

constexpr Duration kNeverAnswers = 100'000_s;
const auto kRefuse503 = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, 0}; };

TEST(clients, every_request_is_answered_once) {
  Clients c(Clients::single_turn());
  c.run(200_s);
  EXPECT_NEAR(static_cast<double>(c.offered()), 1000, 5 * 32);  // Poisson: five deviations
  EXPECT_EQ(c.ended(Outcome::kSucceeded), c.offered());
  EXPECT_EQ(c.server.offers.size(), c.offered());
  EXPECT_EQ(c.population.requests_in_flight(), 0U);
  EXPECT_EQ(c.attempts.live(), 0U);
  EXPECT_EQ(c.kv.open, 0);  // single-turn sessions close with their answer
  EXPECT_EQ(c.population.ttft().count(), c.offered());
}

// One of the thousand requests, by one nanosecond, or ended otherwise.
TEST(clients, the_sum_of_latencies_knows_each_of_them) {
  const auto sum = [](auto change) {
    Clients c(Clients::single_turn());
    c.server.verdict = [&c, &change, n = 0](const Attempt&) mutable {
      c.server.first = 1_s;
      c.server.last = 5_s;
      return ++n == 500 ? change(c.server) : Verdict{};
    };
    c.run(200_s);
    return c.counts().latencies;
  };
  const auto as_ever = [](HandServer&) { return Verdict{}; };
  const u64 base = sum(as_ever);
  EXPECT_EQ(sum(as_ever), base);
  std::set<u64> seen{base};
  seen.insert(sum([](HandServer& s) { return s.first += Duration{1}, Verdict{}; }));
  seen.insert(sum([](HandServer& s) { return s.last += Duration{1}, Verdict{}; }));
  seen.insert(sum([](HandServer&) { return Verdict{Outcome::kRejected503, {}, 0}; }));
  seen.insert(sum([](HandServer&) { return Verdict{Outcome::kRejected429, {}, 0}; }));
  EXPECT_EQ(seen.size(), 5U);
}

TEST(clients, without_cancellation_the_server_works_on_for_nobody) {
  ClientClassParams p = Clients::single_turn();
  p.total_timeout = 10_s;
  p.cancel_on_timeout = {0};
  Clients c(p);
  c.server.first = 50_s;
  c.server.last = 60_s;
  c.run(115_s);  // everybody has left
  EXPECT_EQ(c.ended(Outcome::kTimeout), c.offered());
  EXPECT_GT(c.attempts.live(), 300U);
  EXPECT_GT(c.kv.open, 300);  // a server still works on them
  c.run(100_s);
  EXPECT_EQ(c.server.finished, c.offered());
  EXPECT_EQ(c.counts().doomed, c.offered());
  EXPECT_EQ(c.counts().wasted_tokens, c.counts().output_tokens);
  EXPECT_EQ(c.server.cancelled, 0U);
  EXPECT_EQ(c.attempts.live(), 0U);
  EXPECT_EQ(c.kv.open, 0);
  EXPECT_EQ(c.ended(Outcome::kSucceeded), 0U);
}

TEST(clients, cancellation_reaches_the_server_for_its_share) {
  for (const double share : {0.3, 1.0}) {
    ClientClassParams p = Clients::single_turn();
    p.total_timeout = 10_s;
    p.cancel_on_timeout = {share};
    Clients c(p, 40);
    c.server.last = 60_s;
    c.run(300_s);
    const auto n = static_cast<double>(c.offered());
    EXPECT_NEAR(static_cast<double>(c.server.cancelled) / n, share, share < 1 ? 0.04 : 0);
    EXPECT_EQ(c.server.cancelled + c.server.finished, c.offered());
    EXPECT_EQ(c.counts().doomed, c.server.finished);
    EXPECT_EQ(c.ended(Outcome::kTimeout), c.offered());
  }
}

TEST(clients, a_first_token_in_time_stops_only_the_first_timer) {
  ClientClassParams p = Clients::single_turn();
  p.first_token_timeout = 60_s;
  Clients c(p);
  c.server.first = 59_s;
  c.server.last = 500_s;
  c.run(1000_s);
  EXPECT_EQ(c.ended(Outcome::kSucceeded), c.offered());
  Clients late(p);
  late.server.first = 61_s;
  late.server.last = 500_s;
  late.run(1000_s);
  EXPECT_EQ(late.ended(Outcome::kTimeout), late.offered());
}

TEST(clients, a_token_that_arrives_after_the_deadline_on_the_wire_is_late) {
  ClientClassParams p = Clients::single_turn();
  p.first_token_timeout = 10_s;
  Clients c(p);
  c.network.state.round_trip = 2_s;
  c.server.first = 9500_ms;  // 10.5 s at the client
  c.server.last = 20_s;
  c.run(300_s);
  EXPECT_EQ(c.ended(Outcome::kTimeout), c.offered());
}

TEST(clients, retries_are_the_same_request_after_the_policys_delay) {
  ClientClassParams p = Clients::single_turn();
  p.retry.policy = RetryKind::kFixed;
  p.retry.max_attempts = 3;
  p.retry.base = 700_ms;
  Clients c(p);
  c.network.state.round_trip = 200_ms;  // a refusal is heard after it
  c.server.verdict = kRefuse503;
  c.run(200_s);
  EXPECT_EQ(c.ended(Outcome::kRejected503), c.offered());
  EXPECT_EQ(c.counts().attempts, 3 * c.offered());
  EXPECT_EQ(c.counts().retries, 2 * c.offered());
  std::map<u64, std::vector<HandServer::Offer>> by_session;
  for (const auto& o : c.server.offers) by_session[o.attempt.session_key].push_back(o);
  EXPECT_EQ(by_session.size(), c.offered());
  for (const auto& [key, tries] : by_session) {
    ASSERT_EQ(tries.size(), 3U);
    for (std::size_t k = 1; k < 3; ++k) {
      EXPECT_EQ(tries[k].at - tries[k - 1].at, 900_ms);
      EXPECT_EQ(tries[k].attempt.number, k);
      EXPECT_EQ(tries[k].attempt.prompt, tries[0].attempt.prompt);
      EXPECT_EQ(tries[k].attempt.output, tries[0].attempt.output);
    }
  }
}

TEST(clients, a_retry_can_succeed_and_retry_after_is_waited_for) {
  ClientClassParams p = Clients::single_turn();
  p.retry.policy = RetryKind::kOpenai;  // obeys Retry-After to the letter
  Clients c(p);
  c.server.verdict = [](const Attempt& a) {
    return a.number == 0 ? Verdict{Outcome::kRejected429, 7_s, 0} : Verdict{};
  };
  c.run(200_s);
  EXPECT_EQ(c.ended(Outcome::kSucceeded), c.offered());
  std::map<u64, Instant> refused;
  for (const auto& o : c.server.offers) {
    if (o.attempt.number == 0)
      refused[o.attempt.session_key] = o.at;
    else
      EXPECT_EQ(o.at - refused.at(o.attempt.session_key), 7_s);
  }
}

TEST(clients, resubmissions_are_new_requests_up_to_their_maximum) {
  ClientClassParams p = Clients::single_turn();
  p.resubmit = {{1.0}, 3, 5_s};
  Clients c(p);
  c.server.verdict = kRefuse503;
  c.run(400_s);
  EXPECT_EQ(c.offered() % 4, 0U);
  EXPECT_EQ(c.counts().resubmissions * 4, 3 * c.offered());
  EXPECT_EQ(c.counts().retries, 0U);
  EXPECT_EQ(c.ended(Outcome::kRejected503), c.offered());
}

TEST(clients, put_back_work_returns_when_answers_do) {
  ClientClassParams p = Clients::single_turn();
  p.deferrable = true;
  Clients c(p);
  c.server.verdict = [&c](const Attempt&) {
    return c.world.now().seconds() < 50 ? Verdict{Outcome::kRejected503, {}, 0} : Verdict{};
  };
  c.run(50_s);
  const u64 before = c.offered(), put_back = c.population.deferred();
  // All but those of the first few that were tried again before it showed that most fail.
  EXPECT_NEAR(static_cast<double>(put_back), static_cast<double>(before), 50);
  c.run(49_s);
  // Normal flow until most is answered again, then twice as fast.
  EXPECT_LT(c.population.deferred(), put_back);
  EXPECT_GT(static_cast<double>(c.offered() - before), 1.3 * 490);
  EXPECT_EQ(c.ended(Outcome::kRejected503), before);
}

TEST(clients, an_agents_task_takes_its_steps_one_after_the_other) {
  ClientClassParams p = Clients::single_turn();
  p.steps = 8;
  p.step_gap = 1_s;
  p.think_time = 1_s;
  Clients c(p, 80);  // requests; tasks come an eighth as fast
  c.run(2000_s);
  std::map<u64, std::vector<HandServer::Offer>> tasks;
  for (const auto& o : c.server.offers) tasks[o.attempt.session_key].push_back(o);
  double steps = 0;
  for (const auto& [key, offers] : tasks) {
    for (std::size_t k = 1; k < offers.size(); ++k) {
      EXPECT_EQ(offers[k].attempt.turn, offers[k - 1].attempt.turn + 1);
      EXPECT_GE(offers[k].at - offers[k - 1].at, c.server.last);  // waits for the answer
    }
    steps += static_cast<double>(offers.size()) / static_cast<double>(tasks.size());
  }
  EXPECT_NEAR(steps, 8, 1.2);  // exponential, about a thousand tasks
  EXPECT_EQ(c.counts().agent_tasks_stalled, 0U);
  EXPECT_EQ(c.kv.open, 0);
}

TEST(clients, an_agents_task_stands_still_after_a_failed_step) {
  ClientClassParams p = Clients::single_turn();
  p.steps = 8;
  p.think_time = 1_s;
  Clients c(p, 80);
  c.server.verdict = kRefuse503;
  c.run(200_s);
  EXPECT_EQ(c.counts().agent_tasks_stalled, c.offered());
  EXPECT_EQ(c.kv.opened, c.offered());
  EXPECT_EQ(c.kv.open, 0);
}

TEST(clients, fallback_takes_its_share_within_its_capacity_as_far_as_it_can_be_parsed) {
  const auto elsewhere = [](FallbackParams f) {
    ClientClassParams p = Clients::single_turn();
    p.fallback = f;
    Clients c(p, 40);
    c.server.verdict = kRefuse503;
    c.run(200_s);
    EXPECT_EQ(c.ended(Outcome::kServedElsewhere) + c.ended(Outcome::kRejected503), c.offered());
    return static_cast<double>(c.ended(Outcome::kServedElsewhere)) /
           static_cast<double>(c.offered());
  };
  EXPECT_EQ(elsewhere({{0}, {1e9}, {1}, 10, {0}, {0}}), 0);
  EXPECT_NEAR(elsewhere({{1}, {1e9}, {1}, 10, {0}, {0}}), 1, 0);
  EXPECT_NEAR(elsewhere({{0.25}, {1e9}, {1}, 10, {0}, {0}}), 0.25, 0.035);
  EXPECT_NEAR(elsewhere({{1}, {1e9}, {1}, 10, {0.4}, {0}}), 0.6, 0.04);
  EXPECT_NEAR(elsewhere({{1}, {4}, {1}, 10, {0}, {0}}), 0.1, 0.01);  // 4 of 40 a second
  EXPECT_NEAR(elsewhere({{0}, {1e9}, {1}, 10, {0}, {0.5}}), 0.5, 0.04);
}

TEST(clients, poisoned_or_endless_answers_are_no_successes_and_nobody_retries_them) {
  ClientClassParams p = Clients::single_turn();
  p.retry.policy = RetryKind::kFixed;
  p.fallback.share = {1};
  Clients poisoned(p);
  poisoned.server.poisons = true;
  poisoned.run(200_s);
  EXPECT_EQ(poisoned.ended(Outcome::kPoisoned), poisoned.offered());
  EXPECT_EQ(poisoned.counts().retries, 0U);
  p.loop_probability = {1};
  Clients loops(p);
  loops.run(200_s);
  EXPECT_EQ(loops.ended(Outcome::kBudget), loops.offered());
  EXPECT_EQ(loops.counts().output_tokens, loops.offered() * static_cast<u64>(p.token_budget));
}

TEST(clients, a_broken_answer_is_retried) {
  ClientClassParams p = Clients::single_turn();
  p.retry.policy = RetryKind::kFixed;
  p.retry.max_attempts = 2;
  Clients c(p);
  c.server.ends = Outcome::kTruncated;
  c.run(200_s);
  EXPECT_EQ(c.ended(Outcome::kTruncated), c.offered());
  EXPECT_EQ(c.counts().attempts, 2 * c.offered());
}

TEST(clients, without_a_route_they_hear_at_once_in_a_black_hole_only_by_waiting) {
  ClientClassParams p = Clients::single_turn();
  p.total_timeout = 30_s;
  Clients c(p);
  c.network.state.reach = Reach::kNoRoute;
  c.run(200_s);
  EXPECT_EQ(c.ended(Outcome::kUnreachable), c.offered());
  Clients hole(p);
  hole.network.state.reach = Reach::kBlackHole;
  hole.run(29_s);
  EXPECT_EQ(hole.population.requests_in_flight(), hole.offered());
  hole.run(200_s);
  EXPECT_EQ(hole.ended(Outcome::kTimeout), hole.offered());
  EXPECT_EQ(hole.counts().attempts_lost, hole.offered());
  EXPECT_TRUE(hole.server.offers.empty());
}

// Each way to fail, and what told the client why.
TEST(clients, a_failed_request_names_what_its_last_attempt_failed_by) {
  constexpr IncidentId kWhy = 7;
  using Set = std::function<void(Clients&)>;
  const std::vector<std::pair<const char*, Set>> ways{
      {"no region",
       [](Clients& c) {
         c.balancer.answer.verdict = {Outcome::kRejected503, {}, kWhy};
       }},
      {"no route",
       [](Clients& c) {
         c.network.state.reach = Reach::kNoRoute;
         c.network.state.cause = kWhy;
       }},
      {"black hole",
       [](Clients& c) {
         c.network.state.reach = Reach::kBlackHole;
         c.network.state.cause = kWhy;
       }},
      {"not let in",
       [](Clients& c) {
         c.server.admission = {Outcome::kBreaker, {}, kWhy};
       }},
      {"refused",
       [](Clients& c) {
         c.server.verdict = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, kWhy}; };
       }},
      {"refused where it was sent instead, without a word",
       [](Clients& c) {
         c.balancer.answer.moved_by = kWhy;
         c.server.verdict = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, 0}; };
       }},
      {"not let in where it was sent instead, without a word",
       [](Clients& c) {
         c.balancer.answer.moved_by = kWhy;
         c.server.admission = {Outcome::kRejected429, {}, 0};
       }},
      {"broken off",
       [](Clients& c) {
         c.server.ends = Outcome::kTruncated;
         c.server.cause = kWhy;
       }},
      {"no first token in time",
       [](Clients& c) {
         c.server.first = c.server.last = 50_s;
         c.server.late = kWhy;
       }},
      {"no answer in time",
       [](Clients& c) {
         c.server.last = 100_s;
         c.server.late = kWhy;
       }},
      {"an answer that is under way when time is up",
       [](Clients& c) {
         c.network.state.round_trip = 1_s;
         c.server.last = 59900_ms;
         c.server.late = kWhy;
       }},
      {"poisoned",
       [](Clients& c) {
         c.balancer.answer.moved_by = kWhy;
         c.server.poisons = true;
       }},
  };
  for (const auto& [name, set] : ways) {
    ClientClassParams p = Clients::single_turn();
    p.first_token_timeout = 20_s;
    p.total_timeout = 60_s;
    Clients c(p);
    c.service.sample();
    set(c);
    c.run(100_s);
    c.service.sample();
    ASSERT_LT(c.service.observed_total(), 0.5) << name;
    EXPECT_EQ(c.service.success_below(0.9).shown_by, std::vector<IncidentId>{kWhy}) << name;
  }
}

TEST(clients, a_path_that_dies_is_what_its_hanging_streams_are_lost_by) {
  ClientClassParams p = Clients::single_turn();
  p.total_timeout = 60_s;
  Clients c(p);
  c.server.last = 40_s;
  c.run(20_s);
  c.network.state = {Reach::kBlackHole, c.network.state.round_trip, 1, 7};
  c.population.paths_changed(0);
  c.service.sample();
  c.run(60_s);
  c.service.sample();
  EXPECT_EQ(c.service.success_below(0.9).shown_by, std::vector<IncidentId>{7});
}

TEST(clients, streams_over_a_path_that_dies_hang_until_their_own_time_out) {
  ClientClassParams p = Clients::single_turn();
  p.first_token_timeout = 60_s;
  p.between_tokens_timeout = 20_s;
  Clients c(p);
  c.server.last = 40_s;
  c.run(99_s);
  const u64 good = c.ended(Outcome::kSucceeded);
  c.network.state.reach = Reach::kBlackHole;
  c.population.paths_changed(0);
  const u64 cut = c.counts().attempts_lost;
  EXPECT_GT(cut, 300U);
  c.run(19_s);
  EXPECT_EQ(c.ended(Outcome::kTimeout), 0U);
  c.run(100_s);
  EXPECT_EQ(c.ended(Outcome::kSucceeded), good);
  EXPECT_EQ(c.ended(Outcome::kTimeout) + good, c.offered());
  EXPECT_EQ(c.counts().doomed, cut);  // the server knew nothing of it
}

TEST(clients, a_balancer_that_refuses_is_an_answer_too) {
  Clients c(Clients::single_turn());
  c.balancer.answer = {kNoRegion, {Outcome::kRejected429, {}, kNoIncident}, kNoIncident};
  c.run(200_s);
  EXPECT_EQ(c.ended(Outcome::kRejected429), c.offered());
  EXPECT_TRUE(c.server.offers.empty());
}

TEST(clients, a_region_that_admits_nobody_is_not_offered_anything) {
  Clients c(Clients::single_turn());
  c.server.admission = {Outcome::kBreaker, {}, kNoIncident};
  c.run(200_s);
  EXPECT_EQ(c.ended(Outcome::kBreaker), c.offered());
  EXPECT_TRUE(c.server.offers.empty());
}

TEST(clients, the_same_requests_come_under_every_behaviour_of_the_server) {
  Clients good(Clients::single_turn()), bad(Clients::single_turn());
  bad.server.verdict = kRefuse503;
  bad.server.last = kNeverAnswers;
  good.run(150_s);
  bad.run(150_s);
  ASSERT_EQ(good.server.offers.size(), bad.server.offers.size());
  for (std::size_t i = 0; i < good.server.offers.size(); ++i) {
    EXPECT_EQ(good.server.offers[i].at, bad.server.offers[i].at);
    EXPECT_EQ(good.server.offers[i].attempt.session_key, bad.server.offers[i].attempt.session_key);
    EXPECT_EQ(good.server.offers[i].attempt.output, bad.server.offers[i].attempt.output);
  }
}

// Quiet times do not save up another provider's capacity: at most a second's worth is left.
TEST(clients, fallback_capacity_is_not_saved_up) {
  ClientClassParams p = Clients::single_turn();
  p.fallback = {{1}, {4}, {1}, 10, {0}, {0}};
  Clients c(p, 40);
  c.run(50_s);
  EXPECT_EQ(c.ended(Outcome::kServedElsewhere), 0U);
  c.server.verdict = kRefuse503;
  const u64 before = c.ended(Outcome::kServedElsewhere);
  c.run(20_s);
  EXPECT_LE(c.ended(Outcome::kServedElsewhere) - before, 4U * 20 + 5);
  EXPECT_GE(c.ended(Outcome::kServedElsewhere) - before, 4U * 18);
}

}  // namespace test_clients
}  // namespace stampede::test
