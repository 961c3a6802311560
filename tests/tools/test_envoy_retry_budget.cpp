// At most a fifth of the calls under way, and 3 (Envoy): the formula, and that calls are counted
// right however they end.
#include "models/clients/client_processes.h"
#include "models/clients/retry_budget.h"
#include "models/ports/hedging_port.h"
#include "tests/models/service_fixture.h"
#include "tests/tools/policy_fixture.h"

namespace stampede {

struct PopulationFault {
  static CallsUnderWay under_way(Population& p) {
    CallsUnderWay sum;
    for (const auto& pool : p.processes_->calls())
      for (const CallsUnderWay& c : pool) sum += c;
    return sum;
  }
  static void count_retry(Population& p) {
    p.processes_->pool_of(0).budgets.moved(0, CallPhase::kNone, CallPhase::kWaits);
  }
};

namespace test {
namespace test_envoy_retry_budget {

bool may_retry(RetryBudgets& b, u32 process = 0) {
  return b.attempt(process, Instant{}, true, RetryCause::kServerError, 0);
}

TEST(envoy_retry_budget, counts_a_retry_from_its_decision_to_the_first_of_its_answer) {
  CallsUnderWay c;
  const auto step = [&](CallPhase from, CallPhase to, u32 active, u32 retries) {
    c.move(from, to);
    EXPECT_EQ(c.active, active);
    EXPECT_EQ(c.retries, retries);
  };
  step(CallPhase::kNone, CallPhase::kTry, 1, 0);
  step(CallPhase::kTry, CallPhase::kHeard, 1, 0);
  step(CallPhase::kHeard, CallPhase::kWaits, 0, 1);
  step(CallPhase::kWaits, CallPhase::kRetry, 1, 1);
  step(CallPhase::kRetry, CallPhase::kHeard, 1, 0);
  step(CallPhase::kHeard, CallPhase::kNone, 0, 0);
}

// 3 up to 19 calls, then the whole part of a fifth.
TEST(envoy_retry_budget, allows_a_fifth_of_the_calls_and_at_least_three) {
  for (const u32 active : {1U, 15U, 19U, 20U, 24U, 25U, 100U, 1234U}) {
    RetryBudgets b(programs_with("envoy_retry_budget").retry, 2);
    for (u32 k = 0; k < active; ++k) b.moved(0, CallPhase::kNone, CallPhase::kTry);
    u32 allowed = 0;
    for (; allowed < 5000 && may_retry(b); ++allowed)
      b.moved(0, CallPhase::kNone, CallPhase::kWaits);
    EXPECT_EQ(allowed, std::max(3U, active / 5)) << active;
    EXPECT_TRUE(may_retry(b, 1)) << "the other process has its own";
    EXPECT_TRUE(b.attempt(0, Instant{}, false, RetryCause::kFinal, 0)) << "first tries are free";
  }
}

TEST(envoy_retry_budget, its_parameters_are_those_of_the_budget) {
  RetryBudgets b(
      programs_with("envoy_retry_budget, budget_percent: 50%, min_retry_concurrency: 1").retry, 1);
  u32 allowed = 0;
  for (u32 k = 0; k < 10; ++k) b.moved(0, CallPhase::kNone, CallPhase::kTry);
  for (; allowed < 5000 && may_retry(b); ++allowed) b.moved(0, CallPhase::kNone, CallPhase::kWaits);
  EXPECT_EQ(allowed, 5U);
  RetryBudgets none(
      programs_with("envoy_retry_budget, budget_percent: 0%, min_retry_concurrency: 0").retry, 1);
  none.moved(0, CallPhase::kNone, CallPhase::kTry);
  EXPECT_FALSE(may_retry(none));
}

// ---- every way in which an attempt ends ---------------------------------------------------------
struct SecondAfter final : HedgingPolicy {
  Duration delay() override { return 500_ms; }
  void first_token(Duration) override {}
};

ClientClassParams impatient() {
  ClientClassParams p = Clients::single_turn();
  p.retry = programs_with("envoy_retry_budget").retry;
  p.retry.policy = RetryKind::kFixed;
  p.retry.max_attempts = 4;
  p.processes = 3;
  p.first_token_timeout = 4_s;
  p.between_tokens_timeout = 3_s;
  p.total_timeout = 9_s;
  return p;
}

u64 chance(const Attempt& a, u64 n) { return mix64(a.session_key + a.number) % n; }

// Ways in turn, by the tenth second; then nothing is in flight and nothing is counted.
struct AllWays {
  SecondAfter hedging;
  Clients clients;
  u32 most_retries = 0, most_calls = 0;
  explicit AllWays(bool hedges, const ClientClassParams& params = impatient(), double rate = 20)
      : clients(params, rate, [this, hedges](World&, Population::Wiring& wiring) {
          if (hedges) wiring.hedging = {&hedging};
        }) {
    HandServer& server = clients.server;
    server.verdict = [](const Attempt& a) {
      return chance(a, 4) == 0 ? Verdict{Outcome::kRejected503, {}, kNoIncident} : Verdict{};
    };
    server.breaks = [](const Attempt& a) { return chance(a, 7) == 1; };
    server.later = [](const Attempt& a) {  // some too late for a first token, some for all
      return chance(a, 5) == 2 ? 3500_ms : chance(a, 6) == 3 ? 2500_ms : Duration{};
    };
  }
  void step(u32 k) {
    HandServer& server = clients.server;
    clients.network.state.reach = k % 10 == 7   ? Reach::kNoRoute
                                  : k % 10 == 8 ? Reach::kBlackHole
                                                : Reach::kReachable;
    if (k % 10 == 8) clients.population.paths_changed(0);
    server.admission.code = k % 10 == 3 ? Outcome::kRejected429 : Outcome::kSucceeded;
    clients.balancer.answer.verdict.code =
        k % 10 == 4 ? Outcome::kRejected503 : Outcome::kSucceeded;
    server.ends = k % 10 == 5 ? Outcome::kTruncated : Outcome::kSucceeded;
    server.poisons = k % 10 == 6;
    clients.world.scheduler.run_until(clients.world.now() + 1_s);
    check();
  }
  void check() {
    for (const auto& check : clients.world.end_checks) check();
    const CallsUnderWay now = PopulationFault::under_way(clients.population);
    most_calls = std::max(most_calls, now.active);
    most_retries = std::max(most_retries, now.retries);
    EXPECT_LE(now.active, clients.population.requests_in_flight());
  }
  void run() {
    for (u32 k = 0; k < 100; ++k) step(k);
    clients.network.state.reach = Reach::kReachable;
    clients.run(200_s);
    check();
    ASSERT_EQ(clients.population.requests_in_flight(), 0U);
    EXPECT_EQ(PopulationFault::under_way(clients.population), CallsUnderWay{});
  }
};

TEST(envoy_retry_budget, nothing_is_counted_when_nothing_is_in_flight) {
  for (const bool hedges : {false, true}) {
    AllWays all(hedges);
    all.run();
    EXPECT_GT(all.most_calls, 20U);
    EXPECT_GT(all.most_retries, 3U);
    const auto& ended = all.clients.counts().attempts_ended;
    for (const Outcome way :
         {Outcome::kSucceeded, Outcome::kTimeout, Outcome::kTruncated, Outcome::kRejected503,
          Outcome::kRejected429, Outcome::kUnreachable, Outcome::kPoisoned})
      EXPECT_GT(ended[static_cast<std::size_t>(way)], 0U) << static_cast<int>(way);
    EXPECT_EQ(all.clients.counts().hedges > 0, hedges);
  }
}

// One request: its second attempt goes out after half a second and breaks off after one and a half,
// when the first has another second to its first token.
TEST(envoy_retry_budget, a_second_attempt_is_a_retry_until_it_is_lost) {
  AllWays all(true, impatient(), 0.05);
  HandServer& server = all.clients.server;
  const auto second = [](const Attempt& a) { return a.number >= 0x80; };
  server.verdict = [](const Attempt&) { return Verdict{}; };
  server.breaks = second;
  server.later = [&](const Attempt& a) { return second(a) ? Duration{} : 1500_ms; };
  server.first = 1_s;
  const auto at = [&](Duration since) {
    all.clients.world.scheduler.run_until(server.offers.front().at + since);
    return PopulationFault::under_way(all.clients.population);
  };
  while (server.offers.empty())
    all.clients.world.scheduler.run_until(all.clients.world.now() + 1_ms);
  EXPECT_EQ(at(400_ms), (CallsUnderWay{1, 0}));
  EXPECT_EQ(at(600_ms), (CallsUnderWay{1, 1}));
  EXPECT_EQ(at(1600_ms), (CallsUnderWay{1, 0}));
  EXPECT_EQ(at(2600_ms), (CallsUnderWay{1, 0}));
}

TEST(envoy_retry_budget, breakers_and_their_own_refusals_are_counted_too) {
  ClientClassParams p = impatient();
  p.breaker.policy = ClientBreakerKind::kHystrix;
  AllWays all(false, p);
  all.run();
  EXPECT_GT(all.clients.counts().unsent, 0U);
}

TEST(envoy_retry_budget, a_budget_that_is_changed_under_way_counts_what_is_there) {
  ClientClassParams p = impatient();
  p.retry.budget = BudgetKind::kUnlimited;
  AllWays all(false, p);
  for (u32 k = 0; k < 30; ++k) all.step(k);
  EXPECT_EQ(PopulationFault::under_way(all.clients.population), CallsUnderWay{});
  const LiveRoot live = all.clients.population.live_class(0);
  static_cast<ClientClassParams*>(live.params)->retry.budget = BudgetKind::kEnvoy;
  all.clients.population.retuned({"clients[0].retry.budget", kNoIncident});
  EXPECT_GT(PopulationFault::under_way(all.clients.population).active, 20U);
  all.run();
}

TEST(envoy_retry_budget, the_check_at_the_end_sees_a_retry_too_many) {
  AllWays all(false);
  all.step(0);
  PopulationFault::count_retry(all.clients.population);
  EXPECT_THROW(all.check(), InvariantError);
}

// Calls of a service: answered, refused, too late, left, given up.
TEST(envoy_retry_budget, calls_of_services_are_counted_until_they_end) {
  RetryParams retries = impatient().retry;
  UseParams u;
  u.timeout = 300_ms;
  u.round_trip = 50_ms;
  u.on_failure = OnFailure::kDegrade;
  u.degraded_time = 1_s;
  OneUse one(hundred_a_second(), u, retries);
  u32 most = 0, failed = 0;
  for (u32 k = 0; k < 3000; ++k) {
    if (k == 1000) failed = one.service.fail(1, false, 7);
    if (k == 2000) one.service.heal(failed, 8);
    one.ask(k);
    if (k % 5 == 0) one.use.leave(k > 3 ? k - 3 : k);
    one.run(k < 500 ? 5_ms : 10_ms);
    most = std::max(most, one.retries->under_way().retries);
  }
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, 60U);
  one.run(1_min);
  EXPECT_EQ(one.use.open(), 0U);
  EXPECT_EQ(one.retries->under_way(), CallsUnderWay{});
  EXPECT_GT(one.use.counts().left, 0U);
  EXPECT_GT(one.use.counts().timeouts, 0U);
  EXPECT_GT(one.use.counts().degraded, 0U);
}

// Far more requests than the fleet can serve: retries are a share of what waits there, not of what
// is answered.
TEST(envoy_retry_budget, bounds_the_retries_of_a_fleet_in_overload) {
  const std::vector<std::string> one = {"spec.clients[1].processes=1"};
  EXPECT_LT(number(overload("envoy_retry_budget", one), "attempts", "retries"),
            0.9 * number(overload("", one), "attempts", "retries"));
}

}  // namespace test_envoy_retry_budget
}  // namespace test
}  // namespace stampede
