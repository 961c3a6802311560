// A limit on requests per window, answered with 429 and Retry-After until the window resets.
// Source: fixed-window limiter, as provider APIs state theirs (requests a minute).
// Limits: one limit a region, not one a tenant.
#pragma once
#include "models/serving/rate_limit_params.h"

namespace stampede {

class RateLimit {
 public:
  explicit RateLimit(const RateLimitParams& p) : params_(p) {}
  // Takes one request; returns 0 if admitted, else the time until the window resets.
  Duration take(Instant now) {
    if (params_.requests == 0) return {};
    if (now.ns >= ends_) {
      ends_ = (now.ns / params_.window.ns + 1) * params_.window.ns;
      count_ = 0;
    }
    if (count_ < params_.requests) {
      ++count_;
      return {};
    }
    return Duration{ends_ - now.ns};
  }
  // The window that runs ends when it would have ended.
  void retune(const RateLimitParams& p) { params_ = p; }

 private:
  RateLimitParams params_;
  i64 ends_ = 0, count_ = 0;  // of the window that runs [ns]
};

}  // namespace stampede
