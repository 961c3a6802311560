// Parameters of retries: delays, what is retried, and the budget that bounds them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class RetryKind : u8 {
  kNone,             // give up at once
  kImmediate,        // no delay
  kFixed,            // base
  kExponential,      // e = min(cap, base m^(k-1))
  kEqualJitter,      // e/2 + U e/2
  kFullJitter,       // U e
  kDecorrelated,     // min(cap, base + U (3 d - base)), d the delay before
  kAdditiveJitter,   // min(cap, base m^(k-1) + U jitter): the reference outage's client
  kGrpc,             // U(0.8, 1.2) e
  kEnvoy,            // min(cap, U (2^k - 1) base)
  kAwsStandard,      // U min(cap, base 2^k)
  kAwsStandard2026,  // the same with its own base for throttling
  kOpenai,           // e (1 - U/4); Retry-After up to 60 s, a longer one is ignored
  kOpenai2026        // the same; Retry-After up to 120 s, a longer one ends the request
};

// What a client does about a Retry-After that is longer than its limit.
enum class BeyondLimit : u8 { kIgnore, kGiveUp };

enum class BudgetKind : u8 {
  kUnlimited,
  kTokenBucket,
  kGrpcThrottling,
  kFinagle,
  kAwsQuota,
  kAdaptive,
  kRequestBucket,  // a token bucket that each request fills, however it ends
  kFailureRate,    // none above a share of failed calls since the start
  kEnvoy           // retries under way are a share of the calls under way
};

// Absent values are the policy's own defaults.
struct RetryParams {
  RetryKind policy = RetryKind::kOpenai;
  std::optional<u32> max_attempts;  // tries in all, the first included
  std::optional<Duration> base, cap, jitter;
  std::optional<double> multiplier, factor_5xx;
  std::optional<Share> honour_retry_after;
  std::optional<Duration> retry_after_jitter, retry_after_limit;
  std::optional<BeyondLimit> beyond_limit;
  bool retry_429 = true, retry_5xx = true, retry_transport = true;
  bool full_jitter = false;
  BudgetKind budget = BudgetKind::kUnlimited;
  std::optional<double> budget_cap, budget_ratio;
  std::optional<u32> budget_least;
  std::optional<Duration> budget_window;
  static void describe(Schema<RetryParams>& s);
};

}  // namespace stampede
