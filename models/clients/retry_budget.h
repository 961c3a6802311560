// What bounds the retries of one client process, whatever its delays are.
// State: each is a few counters (16 to 24 bytes, with a window 200); time enters only where a
// window
//   does.
// Source: Brooker's retry simulator (both token buckets, failure rate), gRFC A6 (retryThrottling),
// Finagle RetryBudget,
//   AWS SDK retry quota, SRE book ch. 21 (adaptive throttling), Envoy retry_budget (upstream/
//   resource_manager_impl.h and router/retry_state_impl.cc).
// Limits: windows are ten buckets, so ages are known to a tenth of the window.
#pragma once
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "models/clients/retry_cause.h"
#include "models/clients/retry_params.h"
#include "models/ports/retry_port.h"

namespace stampede {

// A retry costs a token, a success returns a fraction of one.
struct TokenBucketBudget {
  double cap = 5, deposit = 0.1;
  double tokens = 5;
  void grow() { tokens = std::min(cap, tokens + deposit); }
  bool spend() {
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }
};

// Whoever sees too many of its calls fail does not repeat them.
struct FailureRate {
  double limit = 0.1;
  u64 calls = 0, failures = 0;
  bool allowed() const {
    return static_cast<double>(failures) < limit * static_cast<double>(calls);
  }
};

// Failures take a token, successes return `ratio`; retries only above half of the maximum.
struct GrpcThrottle {
  double max_tokens = 10, ratio = 0.1;
  double tokens = 10;
  void success() { tokens = std::min(max_tokens, tokens + ratio); }
  void failure() { tokens = std::max(0.0, tokens - 1); }
  bool allowed() const { return tokens > max_tokens / 2; }
};

// Sum over a sliding window of ten buckets.
class WindowSum {
 public:
  explicit WindowSum(Duration window) : width_(std::max<i64>(1, window.ns / i64{kBuckets})) {}
  void add(Instant now, double value) {
    advance(now);
    buckets_[slot()] += value;
  }
  double sum(Instant now) {
    advance(now);
    double total = 0;
    for (double b : buckets_) total += b;
    return total;
  }
  // Takes `value` from the oldest deposits; false and unchanged if there is not so much.
  bool take(Instant now, double value) {
    if (sum(now) < value) return false;
    for (std::size_t i = 1; i <= kBuckets && value > 0; ++i) {
      double& bucket = buckets_[(slot() + i) % kBuckets];
      const double part = std::min(bucket, value);
      bucket -= part;
      value -= part;
    }
    return true;
  }

 private:
  static constexpr std::size_t kBuckets = 10;  // also of age: a tenth of the window
  std::size_t slot() const { return static_cast<std::size_t>(index_) % kBuckets; }
  void advance(Instant now) {
    const i64 to = now.ns / width_;
    if (to - index_ >= static_cast<i64>(kBuckets)) buckets_.fill(0);
    for (i64 i = std::max(index_, to - static_cast<i64>(kBuckets)) + 1; i <= to; ++i)
      buckets_[static_cast<std::size_t>(i) % kBuckets] = 0;
    index_ = std::max(index_, to);
  }
  i64 width_, index_ = 0;
  std::array<double, kBuckets> buckets_{};
};

// Each request deposits 1000 units that live for the TTL, a retry costs 1000 / ratio; a reserve of
// ten retries a second refills in the same time.
class FinagleBudget {
 public:
  FinagleBudget(double percent_can_retry, Duration ttl, double min_retries_per_second = 10)
      : deposits_(ttl),
        reserve_used_(ttl),
        cost_(percent_can_retry > 0 ? 1000 / percent_can_retry : 1e300),
        reserve_(min_retries_per_second * ttl.seconds() * (percent_can_retry > 0 ? cost_ : 1)) {
    if (percent_can_retry <= 0) reserve_ = 0;
  }
  void request(Instant now) { deposits_.add(now, 1000); }
  bool spend(Instant now) {
    if (deposits_.take(now, cost_)) return true;
    if (reserve_used_.sum(now) + cost_ > reserve_) return false;
    reserve_used_.add(now, cost_);
    return true;
  }

 private:
  WindowSum deposits_, reserve_used_;
  double cost_, reserve_;
};

// AWS SDK quota of 2026: a retry costs 14 tokens after a transient error, 5 after throttling; its
// success gives them back, a success without retry gives one.
struct AwsQuota {
  double cap = 500, tokens = 500;
  static double cost(RetryCause cause) { return cause == RetryCause::kThrottled ? 5 : 14; }
  bool spend(RetryCause cause) {
    if (tokens < cost(cause)) return false;
    tokens -= cost(cause);
    return true;
  }
  void success(double refund) { tokens = std::min(cap, tokens + std::max(1.0, refund)); }
};

// Clients refuse themselves with max(0, (requests - K accepts) / (requests + 1)) over the window. A
// request counts when it has ended, and at once where it was refused locally: while answers take
// long, requests under way would look as if nobody accepted them.
// Source: SRE book ch. 21; when they count: go-zero's core/breaker/googlebreaker.go.
class AdaptiveThrottle {
 public:
  AdaptiveThrottle(double k, Duration window) : k_(k), requests_(window), accepts_(window) {}
  double refusal_probability(Instant now) {
    const double n = requests_.sum(now);
    return std::max(0.0, (n - k_ * accepts_.sum(now)) / (n + 1));
  }
  void request(Instant now) { requests_.add(now, 1); }
  void accepted(Instant now) { accepts_.add(now, 1); }

 private:
  double k_;
  WindowSum requests_, accepts_;
};

// Of one process: calls with a try under way, and retries. A retry counts from when it is decided,
// while it waits too, until the first of its answer comes or it fails.
struct CallsUnderWay {
  u32 active = 0, retries = 0;
  void move(CallPhase from, CallPhase to) {
    active += is_active(to) - is_active(from);
    retries += is_retry(to) - is_retry(from);
  }
  // Fewer retries than a share of the calls, its whole part, or than `least`.
  bool retry_allowed(double share, u32 least) const {
    const auto most = static_cast<u64>(share * active);
    return retries < std::max<u64>(most, least);
  }
  CallsUnderWay& operator+=(const CallsUnderWay& o) {
    active += o.active;
    retries += o.retries;
    return *this;
  }
  bool operator==(const CallsUnderWay&) const = default;

 private:
  static u32 is_active(CallPhase p) {
    return p == CallPhase::kTry || p == CallPhase::kRetry || p == CallPhase::kHeard;
  }
  static u32 is_retry(CallPhase p) { return p == CallPhase::kRetry || p == CallPhase::kWaits; }
};

// The budgets of some processes, each its own, as one set of parameters says. Only what that kind
// of budget needs is kept; an unlimited one needs nothing.
class RetryBudgets {
 public:
  RetryBudgets(const RetryParams& p, u32 processes) : kind_(p.budget) {
    switch (kind_) {
      case BudgetKind::kUnlimited:
        return;
      case BudgetKind::kTokenBucket:
      case BudgetKind::kRequestBucket: {
        const double cap = p.budget_cap.value_or(5);
        buckets_.assign(processes, {cap, p.budget_ratio.value_or(0.1), cap});
        return;
      }
      case BudgetKind::kGrpcThrottling: {
        const double most = p.budget_cap.value_or(10);
        grpc_.assign(processes, {most, p.budget_ratio.value_or(0.1), most});
        return;
      }
      case BudgetKind::kFinagle:
        finagle_.assign(processes, {p.budget_ratio.value_or(0.2), p.budget_window.value_or(10_s)});
        return;
      case BudgetKind::kAwsQuota:
        aws_.assign(processes, {p.budget_cap.value_or(500), p.budget_cap.value_or(500)});
        return;
      case BudgetKind::kAdaptive:
        adaptive_.assign(processes, {p.budget_ratio.value_or(2), p.budget_window.value_or(120_s)});
        return;
      case BudgetKind::kFailureRate:
        rates_.assign(processes, {p.budget_ratio.value_or(0.1)});
        return;
      case BudgetKind::kEnvoy:
        share_ = p.budget_ratio.value_or(0.2);
        least_ = p.budget_least.value_or(3);
        calls_.resize(processes);
    }
  }

  // Before every send, with a uniform for the adaptive one; false = do not send (counts as a failed
  // attempt).
  bool attempt(u32 process, Instant now, bool retry, RetryCause cause, double u) {
    switch (kind_) {
      case BudgetKind::kUnlimited:
        return true;
      case BudgetKind::kTokenBucket:
        return !retry || buckets_[process].spend();
      case BudgetKind::kRequestBucket:
        if (retry) return buckets_[process].spend();
        buckets_[process].grow();
        return true;
      case BudgetKind::kFailureRate:
        return !retry || rates_[process].allowed();
      case BudgetKind::kGrpcThrottling:
        return !retry || grpc_[process].allowed();
      case BudgetKind::kFinagle:
        if (retry) return finagle_[process].spend(now);
        finagle_[process].request(now);
        return true;
      case BudgetKind::kAwsQuota:
        return !retry || aws_[process].spend(cause);
      case BudgetKind::kAdaptive: {
        const bool send = u >= adaptive_[process].refusal_probability(now);
        if (!send) adaptive_[process].request(now);
        return send;
      }
      case BudgetKind::kEnvoy:
        return !retry || calls_[process].retry_allowed(share_, least_);
    }
    return true;
  }
  bool limited() const { return kind_ != BudgetKind::kUnlimited; }
  // Does it want to hear of every step of each call?
  bool counts_calls() const { return kind_ == BudgetKind::kEnvoy; }
  void moved(u32 process, CallPhase from, CallPhase to) { calls_[process].move(from, to); }
  const std::vector<CallsUnderWay>& calls_by_process() const { return calls_; }
  void recount(std::vector<CallsUnderWay> calls) { calls_ = std::move(calls); }
  bool draws() const { return kind_ == BudgetKind::kAdaptive; }  // whether `u` matters
  // The attempt ended well; `retry` and `cause` as it was sent.
  void success(u32 process, Instant now, bool retry, RetryCause cause) {
    if (kind_ == BudgetKind::kTokenBucket) buckets_[process].grow();
    if (kind_ == BudgetKind::kGrpcThrottling) grpc_[process].success();
    if (kind_ == BudgetKind::kAwsQuota) aws_[process].success(retry ? AwsQuota::cost(cause) : 1);
    if (kind_ == BudgetKind::kAdaptive)
      adaptive_[process].request(now), adaptive_[process].accepted(now);
    if (kind_ == BudgetKind::kFailureRate) ++rates_[process].calls;
  }
  void failure(u32 process, Instant now) {
    if (kind_ == BudgetKind::kAdaptive) adaptive_[process].request(now);
    if (kind_ == BudgetKind::kGrpcThrottling) grpc_[process].failure();
    if (kind_ == BudgetKind::kFailureRate) ++rates_[process].calls, ++rates_[process].failures;
  }

 private:
  BudgetKind kind_;
  std::vector<TokenBucketBudget> buckets_;  // [process], as the others
  std::vector<GrpcThrottle> grpc_;
  std::vector<FinagleBudget> finagle_;
  std::vector<AwsQuota> aws_;
  std::vector<AdaptiveThrottle> adaptive_;
  std::vector<FailureRate> rates_;
  std::vector<CallsUnderWay> calls_;
  double share_ = 0;
  u32 least_ = 0;
};

}  // namespace stampede
