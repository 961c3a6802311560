// Client retries against their formulas: means, bounds, waves, amplification, budgets.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <string>

#include "models/clients/retry_budget.h"
#include "models/clients/retry_policy.h"
#include "tests/support.h"

namespace stampede {
namespace test_retry_policy {

const StreamKey kStream = stream_key(1, "clients", "retry");

RetryPolicy policy(RetryKind kind, std::optional<u32> attempts = std::nullopt) {
  RetryParams p;
  p.policy = kind;
  p.max_attempts = attempts;
  return RetryPolicy(p);
}

struct Range {
  double low = 1e9, high = 0, mean = 0;
};
Range range(const RetryPolicy& p, u32 k, RetryCause cause = RetryCause::kThrottled) {
  Range r;
  constexpr int kN = 20'000;
  for (u64 i = 0; i < kN; ++i) {
    const double d = p.next(kStream, i, k, cause)->seconds();
    r.low = std::min(r.low, d);
    r.high = std::max(r.high, d);
    r.mean += d / kN;
  }
  return r;
}
void expect_range(const RetryPolicy& p, u32 k, double low, double high,
                  RetryCause cause = RetryCause::kThrottled) {
  const Range r = range(p, k, cause);
  EXPECT_GE(r.low, low - 1e-9);
  EXPECT_LE(r.high, high + 1e-9);
  EXPECT_NEAR(r.low, low, 0.01 * high);
  EXPECT_NEAR(r.high, high, 0.01 * high);
  EXPECT_NEAR(r.mean, (low + high) / 2, 0.01 * high);
}

TEST(retry_policy, accounts_client_waits_17_s_in_5_tries_in_waves) {
  const RetryPolicy p = policy(RetryKind::kAdditiveJitter);
  EXPECT_EQ(p.max_attempts(), 5U);
  const double at[] = {1.5, 4, 8.5, 17}, deviation[] = {0.29, 0.41, 0.50, 0.58};
  constexpr int kN = 100'000;
  double sum[4] = {}, square[4] = {}, longest = 0;
  for (u64 i = 0; i < kN; ++i) {
    double t = 0;
    for (u32 k = 1; k <= 4; ++k) {
      const double d = p.next(kStream, i, k, RetryCause::kTransport)->seconds();
      longest = std::max(longest, d);
      t += d;
      sum[k - 1] += t;
      square[k - 1] += t * t;
    }
  }
  for (int w = 0; w < 4; ++w) {
    const double mean = sum[w] / kN, sd = std::sqrt(square[w] / kN - mean * mean);
    EXPECT_NEAR(mean, at[w], 0.01) << "wave " << w + 1;
    EXPECT_NEAR(sd, deviation[w], 0.006) << "wave " << w + 1;
  }
  EXPECT_LE(longest, 9.0);  // the cap of 30 s never binds
  EXPECT_FALSE(p.next(kStream, 1, 5, RetryCause::kTransport));
}

TEST(retry_policy, peak_of_a_wave_is_n_over_2_5_deviations) {
  const RetryPolicy p = policy(RetryKind::kAdditiveJitter);
  constexpr int kN = 100'000;
  std::vector<int> histogram(200, 0);  // bins of 0.1 s
  for (u64 i = 0; i < kN; ++i) {
    Duration t{};
    for (u32 k = 1; k <= 4; ++k) t += *p.next(kStream, i, k, RetryCause::kTransport);
    ++histogram[static_cast<std::size_t>(t.seconds() * 10)];
  }
  const double peak = 10.0 * *std::max_element(histogram.begin(), histogram.end());
  EXPECT_NEAR(peak, kN / (2.5 * 0.577), 0.05 * kN / (2.5 * 0.577));
}

TEST(retry_policy, delays_of_the_libraries) {
  EXPECT_EQ(policy(RetryKind::kNone).max_attempts(), 1U);
  EXPECT_EQ(policy(RetryKind::kImmediate).next(kStream, 1, 1, RetryCause::kThrottled), Duration{});
  expect_range(policy(RetryKind::kFixed), 2, 0.5, 0.5);
  expect_range(policy(RetryKind::kExponential, 20), 3, 4, 4);
  expect_range(policy(RetryKind::kExponential, 20), 12, 30, 30);
  expect_range(policy(RetryKind::kEqualJitter), 3, 2, 4);
  expect_range(policy(RetryKind::kFullJitter), 3, 0, 4);
  expect_range(policy(RetryKind::kDecorrelated), 1, 1, 3);
  expect_range(policy(RetryKind::kGrpc), 2, 0.16, 0.24);
  expect_range(policy(RetryKind::kGrpc, 9), 4, 0.64, 0.96);
  EXPECT_EQ(policy(RetryKind::kGrpc, 9).max_attempts(), 5U);
  expect_range(policy(RetryKind::kEnvoy, 9), 1, 0, 0.025);
  expect_range(policy(RetryKind::kEnvoy, 9), 3, 0, 0.175);
  EXPECT_LE(range(policy(RetryKind::kEnvoy, 9), 6).high, 0.25);
  expect_range(policy(RetryKind::kAwsStandard), 1, 0, 2);
  expect_range(policy(RetryKind::kAwsStandard, 9), 6, 0, 20);
  expect_range(policy(RetryKind::kAwsStandard2026), 1, 0, 0.1, RetryCause::kTransport);
  expect_range(policy(RetryKind::kAwsStandard2026), 1, 0, 2, RetryCause::kThrottled);
  expect_range(policy(RetryKind::kOpenai), 1, 0.375, 0.5);
  expect_range(policy(RetryKind::kOpenai, 9), 6, 6, 8);
}

TEST(retry_policy, decorrelated_depends_on_the_delay_before_and_stays_in_bounds) {
  const RetryPolicy p = policy(RetryKind::kDecorrelated, 12);
  for (u64 i = 0; i < 2000; ++i) {
    double before = 1;
    for (u32 k = 1; k <= 11; ++k) {
      const double d = p.next(kStream, i, k, RetryCause::kThrottled)->seconds();
      EXPECT_GE(d, 1.0);
      EXPECT_LE(d, std::min(30.0, 3 * before) + 1e-9);
      before = d;
    }
  }
}

TEST(retry_policy, server_errors_wait_longer_than_throttling) {
  const RetryPolicy p = policy(RetryKind::kAdditiveJitter);
  for (u32 k = 1; k <= 4; ++k)
    EXPECT_GT(range(p, k, RetryCause::kServerError).low, range(p, k, RetryCause::kThrottled).mean);
  RetryParams no429;
  no429.retry_429 = false;
  EXPECT_FALSE(RetryPolicy(no429).next(kStream, 1, 1, RetryCause::kThrottled));
  EXPECT_TRUE(RetryPolicy(no429).next(kStream, 1, 1, RetryCause::kServerError));
  EXPECT_FALSE(p.next(kStream, 1, 1, retry_cause(Outcome::kPoisoned)));
}

TEST(retry_policy, retry_after_is_obeyed_by_its_share) {
  RetryParams params;
  params.honour_retry_after = Share{0.3};
  params.retry_after_jitter = 2_s;
  const RetryPolicy p(params);
  int obeyed = 0;
  for (u64 i = 0; i < 10'000; ++i) {
    const double d = p.next(kStream, i, 1, RetryCause::kThrottled, 20_s)->seconds();
    if (d >= 20) ++obeyed;
    EXPECT_LE(d, 22);
  }
  EXPECT_NEAR(obeyed / 10'000.0, 0.3, 0.015);
  EXPECT_LT(p.next(kStream, 1, 1, RetryCause::kThrottled, 61_s)->seconds(), 3);
  EXPECT_EQ(policy(RetryKind::kOpenai).next(kStream, 1, 1, RetryCause::kThrottled, 7_s), 7_s);
  const auto aws = policy(RetryKind::kAwsStandard2026);
  const Duration own = *aws.next(kStream, 1, 1, RetryCause::kThrottled);
  EXPECT_EQ(aws.next(kStream, 1, 1, RetryCause::kThrottled, 50_s), own + 5_s);
}

// E[attempts] = (1 - f^n) / (1 - f) for failure probability f and n tries.
double measured_attempts(double f, u32 tries) {
  const RetryPolicy p = policy(RetryKind::kFullJitter, tries);
  const StreamKey failures = stream_key(2, "server", "failure");
  constexpr u64 kN = 200'000;
  u64 attempts = 0;
  for (u64 i = 0; i < kN; ++i) {
    u32 k = 0;
    do {
      ++attempts;
      ++k;
    } while (uniform(draw(failures, i, k)) < f &&
             p.next(kStream, i, k, RetryCause::kTransport).has_value());
  }
  return static_cast<double>(attempts) / static_cast<double>(kN);
}

TEST(retry_policy, amplification_formula) {
  for (const double f : {0.1, 0.5, 0.9})
    for (const u32 n : {2U, 3U, 4U, 6U})
      EXPECT_NEAR(measured_attempts(f, n), (1 - std::pow(f, n)) / (1 - f), 0.01) << f << " " << n;
  EXPECT_EQ(measured_attempts(1, 5), 5);
}

TEST(retry_policy, amplification_oracle_file) {
  std::ifstream in(test::shared_dir() / "vectors" / "queueing_oracles.csv");
  if (!in) {
    std::cout << "SKIPPED: no vectors/queueing_oracles.csv under " << test::shared_dir() << "\n";
    return;
  }
  std::string line;
  int rows = 0;
  while (std::getline(in, line)) {
    double f = 0, value = 0;
    unsigned retries = 0;
    if (std::sscanf(line.c_str(), "retry amplification,f=%lf retries=%u,E_attempts,%lf", &f,
                    &retries, &value) != 3)
      continue;
    ++rows;
    EXPECT_NEAR(measured_attempts(f, retries + 1), value, 0.015) << line;
  }
  EXPECT_GT(rows, 0);
}

TEST(retry_policy, openai_of_2026_obeys_two_minutes_and_beyond_gives_up) {
  const RetryPolicy old = policy(RetryKind::kOpenai), now = policy(RetryKind::kOpenai2026);
  const auto after = [](const RetryPolicy& p, Duration said) {
    return p.next(kStream, 1, 1, RetryCause::kThrottled, said);
  };
  EXPECT_EQ(after(old, 60_s), 60_s);
  EXPECT_LE(after(old, 61_s).value(), 500_ms) << "ignored: its own delay";
  EXPECT_EQ(after(now, 61_s), 61_s);
  EXPECT_EQ(after(now, 120_s), 120_s);
  EXPECT_EQ(after(now, 121_s), std::nullopt);
  EXPECT_EQ(after(now, 0_s), after(old, 0_s));
}

TEST(retry_policy, giving_up_beyond_the_limit_can_be_said_of_any) {
  for (const std::string& name : enum_names<RetryKind>()) {
    RetryParams p;
    const TypeInfo& kinds = type_of<RetryKind>();
    ASSERT_EQ(kinds.parse(name, &p.policy), "");
    if (p.policy == RetryKind::kNone) continue;
    p.honour_retry_after = Share{1};
    p.retry_after_limit = 30_s;
    p.beyond_limit = BeyondLimit::kGiveUp;
    EXPECT_EQ(RetryPolicy(p).next(kStream, 1, 1, RetryCause::kThrottled, 31_s), std::nullopt)
        << name;
    EXPECT_TRUE(RetryPolicy(p).next(kStream, 1, 1, RetryCause::kThrottled, 30_s)) << name;
    p.beyond_limit = BeyondLimit::kIgnore;
    EXPECT_TRUE(RetryPolicy(p).next(kStream, 1, 1, RetryCause::kThrottled, 31_s)) << name;
    p.beyond_limit = BeyondLimit::kGiveUp;
    p.honour_retry_after = Share{0};
    EXPECT_TRUE(RetryPolicy(p).next(kStream, 1, 1, RetryCause::kThrottled, 31_s))
        << name << ": who does not read the header does not give up";
  }
}

TEST(retry_budget, a_request_bucket_grows_whatever_becomes_of_the_requests) {
  RetryParams p;
  p.budget = BudgetKind::kRequestBucket;
  RetryBudgets b(p, 1);
  int retries = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(b.attempt(0, Instant{}, false, RetryCause::kFinal, 0));
    b.failure(0, Instant{});
    retries += b.attempt(0, Instant{}, true, RetryCause::kTransport, 0);
  }
  EXPECT_NEAR(retries, 15, 1);  // five at the start, a tenth of the requests
}

TEST(retry_budget, above_a_share_of_failures_there_is_no_retry) {
  RetryParams p;
  p.budget = BudgetKind::kFailureRate;
  RetryBudgets b(p, 2);
  const auto may = [&b](u32 process) {
    return b.attempt(process, Instant{}, true, RetryCause::kTransport, 0);
  };
  for (int i = 0; i < 19; ++i) b.success(0, Instant{}, false, RetryCause::kFinal);
  b.failure(0, Instant{});
  EXPECT_TRUE(may(0));  // one in twenty
  b.failure(0, Instant{});
  b.failure(0, Instant{});
  EXPECT_FALSE(may(0));  // three of 22
  b.failure(1, Instant{});
  EXPECT_FALSE(may(1));
  EXPECT_TRUE(b.attempt(1, Instant{}, false, RetryCause::kFinal, 0)) << "no retry";
}

TEST(retry_budget, token_bucket_lets_a_tenth_of_successes_retry) {
  TokenBucketBudget b;
  int spent = 0;
  while (b.spend()) ++spent;
  EXPECT_EQ(spent, 5);
  for (int i = 0; i < 11; ++i) b.grow();
  EXPECT_TRUE(b.spend());
  EXPECT_FALSE(b.spend());
}

TEST(retry_budget, grpc_throttle_stops_at_half) {
  GrpcThrottle g;
  for (int i = 0; i < 4; ++i) g.failure();
  EXPECT_TRUE(g.allowed());
  g.failure();
  EXPECT_FALSE(g.allowed());
  g.success();
  EXPECT_TRUE(g.allowed());
}

TEST(retry_budget, finagle_allows_a_fifth_plus_the_reserve_and_forgets) {
  FinagleBudget b(0.2, 10_s);
  Instant t = Instant{} + 100_s;
  for (int i = 0; i < 1000; ++i) b.request(t);
  int spent = 0;
  while (b.spend(t)) ++spent;
  EXPECT_EQ(spent, 200 + 100);
  FinagleBudget late(0.2, 10_s);
  for (int i = 0; i < 1000; ++i) late.request(t);
  spent = 0;
  while (late.spend(t + 11_s)) ++spent;
  EXPECT_EQ(spent, 100);
}

TEST(retry_budget, adaptive_throttle_follows_the_sre_formula) {
  AdaptiveThrottle a(2, 120_s);
  const Instant t = Instant{} + 1000_s;
  EXPECT_EQ(a.refusal_probability(t), 0);
  for (int i = 0; i < 100; ++i) a.request(t);
  for (int i = 0; i < 20; ++i) a.accepted(t);
  EXPECT_DOUBLE_EQ(a.refusal_probability(t), (100.0 - 40.0) / 101.0);
  EXPECT_EQ(a.refusal_probability(t + 121_s), 0);
}

TEST(retry_budget, aws_quota_charges_by_cause) {
  RetryParams p;
  p.budget = BudgetKind::kAwsQuota;
  for (const auto& [cause, retries] :
       {std::pair{RetryCause::kTransport, 35}, std::pair{RetryCause::kThrottled, 100}}) {
    RetryBudgets b(p, 2);
    int sent = 0;
    while (b.attempt(1, {}, true, cause, 0.5)) ++sent;
    EXPECT_EQ(sent, retries);
    b.success(1, {}, true, cause);
    EXPECT_TRUE(b.attempt(1, {}, true, cause, 0.5));
    sent = 0;
    while (b.attempt(0, {}, true, cause, 0.5)) ++sent;
    EXPECT_EQ(sent, retries) << "the other process has its own";
  }
}

}  // namespace test_retry_policy
}  // namespace stampede
