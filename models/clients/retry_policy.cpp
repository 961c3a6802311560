#include "models/clients/retry_policy.h"

#include <algorithm>

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
    case RetryKind::kOpenai2026:
      return {3, 500_ms, 8_s, 0_s, 2, 1, 1, 0_s, 120_s};
  }
  invariant_failed("unknown retry policy");
}

Duration scaled(Duration d, double factor) { return from_seconds(d.seconds() * factor); }

}  // namespace

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
  const BeyondLimit own =
      p.policy == RetryKind::kOpenai2026 ? BeyondLimit::kGiveUp : BeyondLimit::kIgnore;
  gives_up_beyond_ = p.beyond_limit.value_or(own) == BeyondLimit::kGiveUp;
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
    case RetryKind::kOpenai2026:
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
  if (retry_after.ns <= 0 || uniform2(words) >= honour_) return computed;
  if (retry_after > after_limit_)
    return gives_up_beyond_ ? std::nullopt : std::optional<Duration>(computed);
  switch (kind_) {
    case RetryKind::kGrpc:
    case RetryKind::kOpenai:
    case RetryKind::kOpenai2026:
      return retry_after;
    case RetryKind::kAwsStandard2026:
      return std::clamp(retry_after, computed, computed + 5_s);
    default:
      break;
  }
  words = draw(stream, request, k, 1);
  return std::max(computed, retry_after) + scaled(after_jitter_, uniform(words));
}

}  // namespace stampede
