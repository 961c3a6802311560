// When a gateway takes a deployment out for all its callers: the rule of LiteLLM's router, for the
// mitigations that know regions or pods as deployments.
// **State** by deployment: in use -a failure that says so-> cooling down -`time`-> in use. Counts
// are those of the running minute.
// **Source** LiteLLM: cooldown handlers of its router.
#pragma once
#include "models/ports/request.h"
#include "sim/params.h"

namespace stampede {

// `kOfTheWhole`: attempts are those of a part of the service that is smaller in a smaller world.
template <bool kOfTheWhole>
struct CooldownParams {
  Duration time = 5_s;
  Share failed{0.5};
  i64 least = 5;
  i64 allowed_fails = 0;
  i64 least_single = 1000;
  static void describe(Schema<CooldownParams>& s) {
    const auto count = [](Field field) {
      if (kOfTheWhole) field.scales();
    };
    s.field("time", &CooldownParams::time)
        .range(0.001, 86400)
        .help("how long a deployment is out, for all callers")
        .source("LiteLLM: DEFAULT_COOLDOWN_TIME_SECONDS 5");
    s.field("failed", &CooldownParams::failed)
        .range(0, 1)
        .help(
            "a larger share of failures among a deployment's attempts of this minute takes it out")
        .source("LiteLLM: DEFAULT_FAILURE_THRESHOLD_PERCENT 0.5");
    count(s.field("least", &CooldownParams::least)
              .range(1, 1e9)
              .help("attempts of this minute without which the share says nothing")
              .source("LiteLLM: DEFAULT_FAILURE_THRESHOLD_MINIMUM_REQUESTS 5"));
    count(
        s.field("allowed_fails", &CooldownParams::allowed_fails)
            .range(0, 1e9)
            .help(
                "more failures than this in a minute take it out, whatever their share; 0: by the "
                "share")
            .source("LiteLLM: allowed_fails"));
    count(s.field("least_single", &CooldownParams::least_single)
              .range(1, 1e9)
              .help("a deployment without another beside it is taken out only after so many "
                    "attempts in a "
                    "minute that all failed")
              .source("LiteLLM: SINGLE_DEPLOYMENT_TRAFFIC_FAILURE_THRESHOLD 1000"));
  }
};

struct Deployment {
  i64 minute = -1, attempts = 0, failures = 0;
  Instant until{};  // cooling down
  bool cools(Instant now) const { return now < until; }
};

// True: with this attempt's end it begins to cool down. `alone`: there is no other deployment.
template <class Params>
bool cools_down(const Params& p, Deployment& d, Outcome outcome, bool alone, Instant now) {
  constexpr i64 kMinute = 60'000'000'000;
  if (now.ns / kMinute != d.minute) {
    d.minute = now.ns / kMinute;
    d.attempts = d.failures = 0;
  }
  ++d.attempts;
  const bool throttled = outcome == Outcome::kRejected429,
             refused = outcome == Outcome::kAuthFailed;
  const bool failed = throttled || refused || outcome == Outcome::kTimeout ||
                      outcome == Outcome::kUnreachable || outcome == Outcome::kRejected503 ||
                      outcome == Outcome::kBreaker || outcome == Outcome::kTruncated;
  if (!failed || d.cools(now)) return false;
  ++d.failures;
  const auto share = static_cast<double>(d.failures) / static_cast<double>(d.attempts);
  const bool out = p.allowed_fails > 0 ? d.failures > p.allowed_fails
                   : alone
                       ? d.failures == d.attempts && d.attempts >= p.least_single
                       : throttled || refused || (d.attempts >= p.least && share > p.failed.value);
  if (out) d.until = now + p.time;
  return out;
}

}  // namespace stampede
