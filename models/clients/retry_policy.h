// When a client tries again after a failed attempt: delays of the client libraries in use, as pure
// functions of keyed draws.
// State: none; the k-th delay of a request is a function of (stream, request, k).
// Source: AWS Architecture Blog "Exponential Backoff And Jitter" (2015), gRFC A6, Envoy router
//   docs, AWS SDK retry behaviour, OpenAI Python SDK (Stainless) _constants.py, resilience4j, and
//   the reference outage's published client code.
// Limits: a retried attempt is a new arrival, the old one lives on at the server; gRPC pushback
// does
//   not restart the backoff; resubmissions by hand are not retries.
#pragma once
#include <optional>

#include "models/ports/request.h"
#include "sim/params.h"
#include "sim/random.h"

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
  kOpenai            // e (1 - U/4)
};
template <>
struct ChoiceNames<RetryKind> {
  static constexpr const char* type = "retry_kind";
  static std::vector<std::string> names() {
    return {"none",         "immediate",         "fixed",           "exponential", "equal_jitter",
            "full_jitter",  "decorrelated",      "additive_jitter", "grpc",        "envoy",
            "aws_standard", "aws_standard_2026", "openai"};
  }
};

enum class BudgetKind : u8 {
  kUnlimited,
  kTokenBucket,
  kGrpcThrottling,
  kFinagle,
  kAwsQuota,
  kAdaptive
};
template <>
struct ChoiceNames<BudgetKind> {
  static constexpr const char* type = "retry_budget_kind";
  static std::vector<std::string> names() {
    return {"unlimited", "token_bucket", "grpc_throttling", "finagle", "aws_quota", "adaptive"};
  }
};

// What went wrong, as far as a retry policy distinguishes it.
enum class RetryCause : u8 {
  kThrottled,    // 429
  kServerError,  // 503 and other 5xx
  kTransport,    // time-out, no route, a stream that broke
  kFinal         // never retried
};
RetryCause retry_cause(Outcome outcome);

// Absent values are the policy's own defaults.
struct RetryParams {
  RetryKind policy = RetryKind::kAdditiveJitter;
  std::optional<u32> max_attempts;  // tries in all, the first included
  std::optional<Duration> base, cap, jitter;
  std::optional<double> multiplier, factor_5xx;
  std::optional<Share> honour_retry_after;
  std::optional<Duration> retry_after_jitter, retry_after_limit;
  bool retry_429 = true, retry_5xx = true, retry_transport = true;
  bool full_jitter = false;
  BudgetKind budget = BudgetKind::kUnlimited;
  std::optional<double> budget_cap, budget_ratio;
  std::optional<Duration> budget_window;
  static void describe(Schema<RetryParams>& s);
};

class RetryPolicy {
 public:
  explicit RetryPolicy(const RetryParams& params);

  u32 max_attempts() const { return max_attempts_; }
  // Delay before retry k = 1, 2, .. of `request`, or nothing: give up. `retry_after` as the server
  // said it, 0 = absent. Does not ask the budget.
  std::optional<Duration> next(StreamKey stream, u64 request, u32 k, RetryCause cause,
                               Duration retry_after = {}) const;
  // The backoff alone, from a uniform `u` and the delay before (decorrelated only).
  Duration backoff(u32 k, double u, RetryCause cause, Duration previous = {}) const;

 private:
  RetryKind kind_;
  u32 max_attempts_;
  Duration base_, cap_, jitter_;
  double multiplier_, factor_5xx_, honour_;
  Duration after_jitter_, after_limit_;
  bool retry_429_, retry_5xx_, retry_transport_, full_jitter_;
};

}  // namespace stampede
