#include "models/safety/safety_params.h"

#include "sim/registry.h"

namespace stampede {

void SafetyParams::describe(Schema<SafetyParams>& s) {
  using P = SafetyParams;
  s.name("safety");
  s.field("enabled", &P::enabled).live().help("whether answers are checked");
  s.field("sample_rate", &P::sample_rate)
      .live()
      .range(0, 1)
      .help("share of the answers that are checked")
      .scales_inversely();
  s.field("latency", &P::latency).live().at_least(0.001).help("time from an answer to its verdict");
  s.field("true_positive", &P::true_positive)
      .live()
      .range(0, 1)
      .help("share of bad answers that the check finds");
  s.field("false_positive", &P::false_positive)
      .live()
      .range(0, 1)
      .help("share of good answers that the check calls bad");
  s.field("window", &P::window)
      .live()
      .range(1, 86400)
      .help("sliding window of verdicts, in whole seconds");
  s.field("threshold", &P::threshold)
      .live()
      .range(0, 1)
      .help("share of bad verdicts above which the breaker opens");
  s.field("minimum_count", &P::minimum_count)
      .live()
      .help("least number of verdicts in the window before the breaker may open");
  s.field("scope", &P::scope)
      .fixed("breakers are made at the start")
      .help("what one breaker covers: a replica, a region or the whole service");
  s.field("ramp_steps", &P::ramp_steps)
      .live()
      .help("shares of sessions admitted, one step after another");
  s.field("ramp_hold", &P::ramp_hold).live().at_least(0).help("time each step is held");
  s.field("ramp_recheck", &P::ramp_recheck)
      .live()
      .at_least(1e-3)
      .help("time until the load is checked again when it holds back a step");
  s.field("ramp_load_limit", &P::ramp_load_limit)
      .live()
      .at_least(0)
      .help("load below which the ramp takes the next step");
  s.field("ramp_back_limit", &P::ramp_back_limit)
      .live()
      .at_least(0)
      .help("load above which the ramp goes one step back");
  s.field("ramp_looks_ahead", &P::ramp_looks_ahead)
      .live()
      .help(
          "whether the next step is judged by the load that it would bring, in proportion to its "
          "share");
  s.field("retry_after", &P::retry_after)
      .live()
      .at_least(0)
      .help("Retry-After that is sent to refused clients; 0: none");
}

namespace {
const Register<SafetyParams> registered{
    "model", "safety", "sampled output checks, circuit breaker with scope, stepwise reopening",
    "Chowdary 2026: a safety layer opened a global breaker; resilience4j; Hystrix"};
}  // namespace

}  // namespace stampede
