#include "models/clients/retry_policy.h"

#include <algorithm>

#include "sim/registry.h"

namespace stampede {
namespace {

struct Defaults {
  u32 attempts;
  Duration base, cap, jitter;
  double multiplier, factor_5xx, honour;
  Duration after_jitter, after_limit;
};

Defaults defaults_of(RetryKind kind) {
  switch (kind) {
    case RetryKind::kNone:
      return {1, 0_s, 0_s, 0_s, 1, 1, 0, 0_s, 60_s};
    case RetryKind::kImmediate:
      return {3, 0_s, 0_s, 0_s, 1, 1, 0, 0_s, 60_s};
    case RetryKind::kFixed:
      return {3, 500_ms, 500_ms, 0_s, 1, 1, 0, 0_s, 60_s};
    case RetryKind::kExponential:
    case RetryKind::kEqualJitter:
    case RetryKind::kFullJitter:
    case RetryKind::kDecorrelated:
      return {5, 1_s, 30_s, 0_s, 2, 1, 0, 0_s, 60_s};
    case RetryKind::kAdditiveJitter:
      return {5, 1_s, 30_s, 1_s, 2, 2, 1, 1_s, 60_s};
    case RetryKind::kGrpc:
      return {4, 100_ms, 1_s, 0_s, 2, 1, 1, 0_s, 3600_s};
    case RetryKind::kEnvoy:
      return {2, 25_ms, 250_ms, 0_s, 2, 1, 0, 0_s, 300_s};
    case RetryKind::kAwsStandard:
      return {3, 1_s, 20_s, 0_s, 2, 1, 0, 0_s, 60_s};
    case RetryKind::kAwsStandard2026:
      return {3, 50_ms, 20_s, 0_s, 2, 1, 1, 0_s, 3600_s};
    case RetryKind::kOpenai:
      return {3, 500_ms, 8_s, 0_s, 2, 1, 1, 0_s, 60_s};
  }
  invariant_failed("unknown retry policy");
}

Duration scaled(Duration d, double factor) { return from_seconds(d.seconds() * factor); }

}  // namespace

void RetryParams::describe(Schema<RetryParams>& s) {
  s.name("retry_policy");
  s.field("policy", &RetryParams::policy)
      .help("how the delay before a retry is drawn")
      .source("reference outage: 5 tries, base 1 s, doubling, jitter U(0,1) inside a cap of 30 s");
  s.field("max_attempts", &RetryParams::max_attempts)
      .help("tries in all, the first included; absent = the policy's own")
      .range(1, 100);
  s.field("base", &RetryParams::base).help("first delay").range(0, 3600);
  s.field("cap", &RetryParams::cap).help("longest delay").range(0, 86400);
  s.field("jitter", &RetryParams::jitter)
      .help("additive_jitter: width of the uniform term")
      .range(0, 3600);
  s.field("multiplier", &RetryParams::multiplier).help("growth of the delay a retry").range(1, 100);
  s.field("factor_5xx", &RetryParams::factor_5xx)
      .help("delays after 5xx are longer than after 429 by this factor (additive_jitter: 2)")
      .range(0.01, 100);
  s.field("honour_retry_after", &RetryParams::honour_retry_after)
      .help("share of refused attempts whose client obeys Retry-After")
      .range(0, 1);
  s.field("retry_after_jitter", &RetryParams::retry_after_jitter)
      .help("uniform time added to an obeyed Retry-After; none keeps the herd together")
      .range(0, 3600);
  s.field("retry_after_limit", &RetryParams::retry_after_limit)
      .help("a longer Retry-After is ignored")
      .range(0, 86400)
      .source("OpenAI SDK 60 s, Envoy 300 s");
  s.field("retry_429", &RetryParams::retry_429).help("retry after a rate limit's refusal");
  s.field("retry_5xx", &RetryParams::retry_5xx).help("retry after a server's error");
  s.field("retry_transport", &RetryParams::retry_transport)
      .help("retry after a time-out, an unreachable service or a broken stream");
  s.field("full_jitter", &RetryParams::full_jitter)
      .help("delays are drawn from 0 to the policy's exponential one, instead of its own jitter")
      .source("AWS Architecture Blog 2015; off is the client as published");
  s.field("budget", &RetryParams::budget).help("what bounds the retries of one client process");
  s.field("budget_cap", &RetryParams::budget_cap)
      .help("tokens: token_bucket 5, grpc_throttling 10, aws_quota 500")
      .range(1, 1e6)
      .source("Brooker's simulator 5, gRFC A6 example 10, AWS SDK 500");
  s.field("budget_ratio", &RetryParams::budget_ratio)
      .help(
          "tokens a success (token_bucket and grpc_throttling 0.1), retries a request (finagle "
          "0.2), K (adaptive 2)")
      .range(0, 100)
      .source("Brooker's simulator, gRFC A6, Finagle, SRE book");
  s.field("budget_window", &RetryParams::budget_window)
      .help("finagle: life of a deposit (10 s); adaptive: window of the counts (2 min)")
      .range(1, 3600)
      .source("Finagle, SRE book");
}

RetryCause retry_cause(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRejected429:
      return RetryCause::kThrottled;
    case Outcome::kRejected503:
    case Outcome::kBreaker:
    case Outcome::kAuthFailed:
      return RetryCause::kServerError;
    case Outcome::kTimeout:
    case Outcome::kUnreachable:
    case Outcome::kTruncated:
      return RetryCause::kTransport;
    default:
      return RetryCause::kFinal;
  }
}

RetryPolicy::RetryPolicy(const RetryParams& p) : kind_(p.policy) {
  const Defaults d = defaults_of(p.policy);
  max_attempts_ = p.policy == RetryKind::kNone ? 1 : p.max_attempts.value_or(d.attempts);
  if (p.policy == RetryKind::kGrpc) max_attempts_ = std::min(max_attempts_, 5U);  // A6's hard cap
  base_ = p.base.value_or(d.base);
  cap_ = p.cap.value_or(std::max(d.cap, base_));
  jitter_ = p.jitter.value_or(d.jitter);
  multiplier_ = p.multiplier.value_or(d.multiplier);
  factor_5xx_ = p.factor_5xx.value_or(d.factor_5xx);
  honour_ = p.honour_retry_after.value_or(Share{d.honour}).value;
  after_jitter_ = p.retry_after_jitter.value_or(d.after_jitter);
  after_limit_ = p.retry_after_limit.value_or(d.after_limit);
  retry_429_ = p.retry_429;
  retry_5xx_ = p.retry_5xx;
  retry_transport_ = p.retry_transport;
  full_jitter_ = p.full_jitter;
}

Duration RetryPolicy::backoff(u32 k, double u, RetryCause cause, Duration previous) const {
  Duration base = cause == RetryCause::kServerError ? scaled(base_, factor_5xx_) : base_;
  if (kind_ == RetryKind::kAwsStandard2026 && cause == RetryCause::kThrottled)
    base = 20 * base_;  // 1 s where a transient error has 50 ms
  double growth = 1;    // m^(k-1), stopped where the cap certainly binds
  for (u32 i = 1; i < k && growth < 1e12; ++i) growth *= multiplier_;
  const Duration raw = scaled(base, growth);
  const Duration e = std::min(cap_, raw);
  if (full_jitter_) return scaled(e, u);
  switch (kind_) {
    case RetryKind::kNone:
    case RetryKind::kImmediate:
      return {};
    case RetryKind::kFixed:
      return base;
    case RetryKind::kExponential:
      return e;
    case RetryKind::kEqualJitter:
      return scaled(e, 0.5 + 0.5 * u);
    case RetryKind::kFullJitter:
      return scaled(e, u);
    case RetryKind::kDecorrelated: {
      const Duration before = previous.ns == 0 ? base : previous;
      const double span = std::max(0.0, 3 * before.seconds() - base.seconds());
      return std::min(cap_, base + from_seconds(u * span));
    }
    case RetryKind::kAdditiveJitter:
      return std::min(cap_, raw + scaled(jitter_, u));
    case RetryKind::kGrpc:
      return scaled(e, 0.8 + 0.4 * u);
    case RetryKind::kEnvoy:
      return std::min(cap_, scaled(base, u * (2 * growth - 1)));
    case RetryKind::kAwsStandard:
    case RetryKind::kAwsStandard2026:
      return scaled(std::min(cap_, 2 * raw), u);
    case RetryKind::kOpenai:
      return scaled(e, 1 - 0.25 * u);
  }
  invariant_failed("unknown retry policy");
}

std::optional<Duration> RetryPolicy::next(StreamKey stream, u64 request, u32 k, RetryCause cause,
                                          Duration retry_after) const {
  if (k + 1 > max_attempts_ || cause == RetryCause::kFinal) return std::nullopt;
  if (cause == RetryCause::kThrottled && !retry_429_) return std::nullopt;
  if (cause == RetryCause::kServerError && !retry_5xx_) return std::nullopt;
  if (cause == RetryCause::kTransport && !retry_transport_) return std::nullopt;
  Words words = draw(stream, request, k);
  Duration previous{};
  if (kind_ == RetryKind::kDecorrelated)
    for (u32 i = 1; i < k; ++i)
      previous = backoff(i, uniform(draw(stream, request, i)), cause, previous);
  const Duration computed = backoff(k, uniform(words), cause, previous);
  if (retry_after.ns <= 0 || retry_after > after_limit_ || uniform2(words) >= honour_)
    return computed;
  switch (kind_) {
    case RetryKind::kGrpc:
    case RetryKind::kOpenai:
      return retry_after;
    case RetryKind::kAwsStandard2026:
      return std::clamp(retry_after, computed, computed + 5_s);
    default:
      break;
  }
  words = draw(stream, request, k, 1);
  return std::max(computed, retry_after) + scaled(after_jitter_, uniform(words));
}

namespace {
const Register<RetryParams> registered{
    "model", "retry_policy", "when a client tries again after a failed attempt",
    "AWS Architecture Blog 2015, gRFC A6, Envoy, AWS SDK, OpenAI SDK, resilience4j"};
}  // namespace

}  // namespace stampede
