// Hedging by a quantile of the class's own waits: when a second attempt goes out, who is taken, and
// that every attempt is accounted for whichever of the two fails.
#include "models/ports/hedging_port.h"
#include "tests/models/client_fixture.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_hedged_requests {

bool second(const Attempt& a) { return (a.number & 0x80) != 0; }
// One request in twenty is slow at its first attempt.
bool unlucky(const Attempt& a) { return mix64(a.session_key) % 20 == 0; }

struct Hedging {
  Mechanism<HedgingPolicy> policy;
  Clients clients;
  explicit Hedging(const ClientClassParams& params)
      : clients(params, 10, [this](World& world, Population::Wiring& wiring) {
          policy = make_mechanism<HedgingPolicy>("hedged_requests", {world, "clients/some"},
                                                 {{"window", "10s"}, {"quantile", "90%"}});
          wiring.hedging = {policy.object.get()};
        }) {
    clients.server.later = [](const Attempt& a) {
      return unlucky(a) && !second(a) ? 200_s : Duration{};
    };
  }
  u64 slow_offers() const {  // after the first window
    u64 n = 0;
    for (const auto& o : clients.server.offers)
      n += unlucky(o.attempt) && !second(o.attempt) && o.at >= Instant{} + 10_s;
    return n;
  }
};

ClientClassParams patient() {
  ClientClassParams p = Clients::single_turn();
  p.cancel_on_timeout = {1};
  return p;
}

TEST(hedged_requests, a_slow_first_attempt_is_overtaken_and_cancelled) {
  Hedging h(patient());
  h.clients.run(2000_s);
  EXPECT_GT(h.slow_offers(), 20U);
  EXPECT_EQ(h.clients.counts().hedges, h.slow_offers());
  EXPECT_EQ(h.clients.server.cancelled, h.slow_offers());
  EXPECT_EQ(h.clients.ended(Outcome::kSucceeded), h.clients.offered());
  // The second goes out after the 90th percentile (1 s) and takes as long as any other.
  u64 waited_long = h.clients.population.ttft().count();
  EXPECT_EQ(waited_long, h.clients.offered());
  EXPECT_EQ(h.clients.kv.open, 0);
}

// The delay is the quantile of the last full window; none after a window with too few.
TEST(hedged_requests, the_delay_follows_the_waits) {
  World world{1};
  auto policy = make_mechanism<HedgingPolicy>("hedged_requests", {world, "x"},
                                              {{"window", "10s"}, {"least", "10"}});
  const auto hear = [&](int n, Duration each) {
    for (int k = 1; k <= n; ++k) policy->first_token(each * k);
  };
  hear(100, 10_ms);
  EXPECT_EQ(policy->delay().ns, 0);  // of no full window
  world.scheduler.run_until(Instant{} + 10_s);
  EXPECT_NEAR(policy->delay().seconds(), 0.95, 0.01);
  hear(100, 20_ms);
  EXPECT_NEAR(policy->delay().seconds(), 0.95, 0.01);
  world.scheduler.run_until(Instant{} + 21_s);
  EXPECT_NEAR(policy->delay().seconds(), 1.9, 0.02);
  hear(9, 1_s);
  world.scheduler.run_until(Instant{} + 30_s);
  EXPECT_EQ(policy->delay().ns, 0);
  hear(10, 1_s);
  world.scheduler.run_until(Instant{} + 60_s);  // the last full window was empty
  EXPECT_EQ(policy->delay().ns, 0);
}

TEST(hedged_requests, whatever_becomes_of_one_the_other_goes_on) {
  // The second is refused; breaks off; comes too late; the first breaks off while it is out.
  for (const int kind : {0, 1, 2}) {
    Hedging h(patient());
    if (kind == 0)
      h.clients.server.verdict = [](const Attempt& a) {
        return second(a) ? Verdict{Outcome::kRejected503, {}, kNoIncident} : Verdict{};
      };
    if (kind == 1)
      h.clients.server.later = [](const Attempt& a) {
        return !unlucky(a) ? Duration{} : second(a) ? 100_s : 20_s;
      };
    if (kind == 2) {
      h.clients.server.breaks = [](const Attempt& a) { return unlucky(a) && !second(a); };
      h.clients.server.later = [](const Attempt& a) {
        return !unlucky(a) ? Duration{} : second(a) ? 5_s : 3_s;
      };
    }
    h.clients.run(2000_s);
    EXPECT_GT(h.clients.counts().hedges, 20U) << kind;
    const u64 lost = h.clients.ended(Outcome::kTruncated);
    EXPECT_EQ(h.clients.ended(Outcome::kSucceeded) + lost, h.clients.offered()) << kind;
    // Those of the first window have no second attempt.
    EXPECT_EQ(lost > 0, kind == 2);
    EXPECT_LT(lost, 15U);
    EXPECT_EQ(h.clients.kv.open, 0) << kind;
    EXPECT_EQ(h.clients.attempts.live(), 0U) << kind;
  }
}

TEST(hedged_requests, both_are_left_at_the_clients_timeout) {
  ClientClassParams p = patient();
  p.first_token_timeout = 20_s;
  Hedging h(p);
  h.clients.server.later = [](const Attempt& a) { return unlucky(a) ? 200_s : Duration{}; };
  h.clients.run(2000_s);
  EXPECT_GT(h.clients.counts().hedges, 20U);
  EXPECT_EQ(h.clients.server.cancelled,
            h.clients.counts().hedges + h.clients.ended(Outcome::kTimeout));
  EXPECT_GT(h.clients.ended(Outcome::kTimeout), 20U);
}

TEST(hedged_requests, takes_from_the_retry_budget) {
  ClientClassParams p = patient();
  p.retry.budget = BudgetKind::kTokenBucket;
  p.retry.budget_cap = 3;
  p.retry.budget_ratio = 0;
  Hedging h(p);
  h.clients.run(2000_s);
  EXPECT_EQ(h.clients.counts().hedges, 3U);
  EXPECT_EQ(h.clients.ended(Outcome::kSucceeded), h.clients.offered());
}

}  // namespace test_hedged_requests
}  // namespace stampede::test
