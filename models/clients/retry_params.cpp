#include "models/clients/retry_params.h"

#include "sim/registry.h"

namespace stampede {

void RetryParams::describe(Schema<RetryParams>& s) {
  s.name("retry_policy");
  s.field("policy", &RetryParams::policy)
      .live()
      .help("how the delay before a retry is drawn")
      .source("OpenAI SDK: its client; Websites2Know 2026: additive_jitter");
  s.field("max_attempts", &RetryParams::max_attempts)
      .live()
      .help("most attempts, the first included; absent: that of the retry policy")
      .range(1, 100);
  s.field("base", &RetryParams::base)
      .live()
      .help("delay before the first retry; absent: that of the retry policy")
      .range(0, 3600);
  s.field("cap", &RetryParams::cap)
      .live()
      .help("longest delay before a retry; absent: that of the retry policy")
      .range(0, 86400);
  s.field("jitter", &RetryParams::jitter)
      .live()
      .help("additive_jitter: width of the uniform random time that is added")
      .range(0, 3600);
  s.field("multiplier", &RetryParams::multiplier)
      .live()
      .help("factor by which the delay grows with each retry")
      .range(1, 100);
  s.field("factor_5xx", &RetryParams::factor_5xx)
      .live()
      .help("delays after 5xx are longer than after 429 by this factor (additive_jitter: 2)")
      .range(0.01, 100);
  s.field("honour_retry_after", &RetryParams::honour_retry_after)
      .live()
      .help(
          "share of refused attempts whose client obeys Retry-After; absent: that of the retry "
          "policy")
      .range(0, 1);
  s.field("retry_after_jitter", &RetryParams::retry_after_jitter)
      .live()
      .help(
          "uniform random time added to an obeyed Retry-After; without it all clients return at "
          "once")
      .range(0, 3600);
  s.field("retry_after_limit", &RetryParams::retry_after_limit)
      .live()
      .help("longest Retry-After that clients obey; what follows a longer one says `beyond_limit`")
      .range(0, 86400)
      .source("OpenAI SDK: 60 s, since 30 July 2026 120 s; Envoy: 300 s");
  s.field("beyond_limit", &RetryParams::beyond_limit)
      .live()
      .help(
          "what an obeying client does about a longer Retry-After: its own delay, or no retry; "
          "absent: that of the retry policy (openai_2026 give_up, all others ignore)")
      .source("OpenAI SDK: since 30 July 2026 no retry");
  const char* retried = "OpenAI SDK: _base_client.py, 408, 409, 429, 5xx and connection errors";
  s.field("retry_429", &RetryParams::retry_429)
      .live()
      .help("whether clients retry after a 429")
      .source(retried);
  s.field("retry_5xx", &RetryParams::retry_5xx)
      .live()
      .help("whether clients retry after a 5xx")
      .source(retried);
  s.field("retry_transport", &RetryParams::retry_transport)
      .live()
      .help("whether clients retry after a time-out, an unreachable service or a broken stream")
      .source(retried);
  s.field("full_jitter", &RetryParams::full_jitter)
      .live()
      .help(
          "delays are drawn between 0 and the exponential delay, instead of the policy's own "
          "jitter")
      .source("AWS jitter");
  s.field("budget", &RetryParams::budget)
      .live()
      .help("retry budget: what limits the retries of one client process, see `processes`")
      .source("OpenAI SDK: it has none");
  s.field("budget_cap", &RetryParams::budget_cap)
      .live()
      .help(
          "tokens in the bucket; absent: token_bucket and request_bucket 5, grpc_throttling "
          "10, aws_quota 500")
      .range(1, 1e6)
      .source("Brooker 2022: 5; gRFC A6: 10 in its example; AWS SDK: 500");
  s.field("budget_ratio", &RetryParams::budget_ratio)
      .live()
      .help(
          "tokens for each success (token_bucket, grpc_throttling; absent: 0.1) or request "
          "(request_bucket; 0.1), retries for each request (finagle; 0.2), K (adaptive; 2), the "
          "share of failed calls from which on there is no retry (failure_rate; 0.1), or retries "
          "under way for each call under way (envoy; 0.2)")
      .range(0, 100)
      .source("Brooker 2022: 0.1; gRFC A6: 0.1; Finagle: 0.2; SRE book: 2; Envoy: 20 %");
  s.field("budget_least", &RetryParams::budget_least)
      .live()
      .help("envoy: retries under way that are always allowed (absent: 3)")
      .range(0, 1e6)
      .source("Envoy: min_retry_concurrency 3");
  s.field("budget_window", &RetryParams::budget_window)
      .live()
      .help(
          "finagle: how long a deposit counts (absent: 10 s); adaptive: window of the counts (2 "
          "min)")
      .range(1, 3600)
      .source("Finagle: 10 s; SRE book: 2 min");
}

namespace {
const Register<RetryParams> registered{
    "model", "retry_policy", "when a client tries again after a failed attempt",
    "AWS jitter; gRFC A6; Envoy; AWS SDK; OpenAI SDK; resilience4j"};
}  // namespace

}  // namespace stampede
