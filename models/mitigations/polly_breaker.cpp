// Each client process stops calling once a tenth of the calls of half a minute have failed; one
// probe decides when it goes on. The state machine is that of Hystrix, the numbers are not.
#include "models/mitigations/rolling_breaker.h"

namespace stampede {
namespace polly_breaker {

struct Params {
  Duration window = 30_s;
  i64 minimum_calls = 100;
  Share failures{0.1};
  Duration wait_open = 5_s;
  static void describe(Schema<Params>& s) {
    s.field("window", &Params::window)
        .range(1, 3600)
        .help("time over which calls are counted")
        .source("Polly: SamplingDuration 30 s");
    s.field("minimum_calls", &Params::minimum_calls)
        .range(1, 1e5)
        .help("calls without which it does not open")
        .source("Polly: MinimumThroughput 100");
    s.field("failures", &Params::failures)
        .range(0.001, 1)
        .help("share of failed calls at which it opens")
        .source("Polly: FailureRatio 0.1");
    s.field("wait_open", &Params::wait_open)
        .range(0.001, 86400)
        .help("how long it stays open until one call is let through")
        .source("Polly: BreakDuration 5 s");
  }
};

const RegisterOverlay<Params> registered{
    {"polly_breaker", MitigationSlot::kBreaker,
     "each client process stops calling when a tenth of the last half minute's calls failed",
     "Polly: circuit breaker"},
    [](const Params& p) {
      return rolling_breaker(p.window, p.minimum_calls, p.failures, p.wait_open);
    }};

}  // namespace polly_breaker
}  // namespace stampede
