#include "models/clients/retry_params.h"

#include "sim/registry.h"

namespace stampede {

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

namespace {
const Register<RetryParams> registered{
    "model", "retry_policy", "when a client tries again after a failed attempt",
    "AWS Architecture Blog 2015, gRFC A6, Envoy, AWS SDK, OpenAI SDK, resilience4j"};
}  // namespace

}  // namespace stampede
