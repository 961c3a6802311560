#include "models/safety/safety_params.h"

#include "sim/registry.h"

namespace stampede {

void SafetyParams::describe(Schema<SafetyParams>& s) {
  using P = SafetyParams;
  s.name("safety");
  s.field("enabled", &P::enabled).help("whether answers are checked at all");
  s.field("sample_rate", &P::sample_rate).range(0, 1).help("share of answers checked");
  s.field("latency", &P::latency).at_least(0.001).help("from answer to verdict");
  s.field("true_positive", &P::true_positive).range(0, 1).help("share of bad answers recognised");
  s.field("false_positive", &P::false_positive)
      .range(0, 1)
      .help("share of good answers called bad");
  s.field("window", &P::window).range(1, 86400).help("sliding window of verdicts, whole seconds");
  s.field("threshold", &P::threshold).range(0, 1).help("share of bad verdicts that opens");
  s.field("minimum_count", &P::minimum_count).help("verdicts in the window before it may open");
  s.field("scope", &P::scope).help("what one breaker covers");
  s.field("ramp_steps", &P::ramp_steps).help("shares of sessions admitted, one step after another");
  s.field("ramp_hold", &P::ramp_hold).at_least(0).help("time each step is held");
  s.field("ramp_recheck", &P::ramp_recheck)
      .at_least(1e-3)
      .help("until the gate is asked again when the load holds a step");
  s.field("ramp_load_limit", &P::ramp_load_limit)
      .at_least(0)
      .help("load below which the next step is taken");
  s.field("ramp_back_limit", &P::ramp_back_limit)
      .at_least(0)
      .help("load from which the ramp goes one step back");
  s.field("ramp_looks_ahead", &P::ramp_looks_ahead)
      .help("the next step is judged by the load that it would bring, in proportion to its share");
  s.field("retry_after", &P::retry_after).at_least(0).help("told to refused clients; 0: nothing");
}

namespace {
const Register<SafetyParams> registered{
    "model", "safety", "sampled output checks, circuit breaker with scope, stepwise reopening",
    "published accounts of the reference outage"};
}  // namespace

}  // namespace stampede
