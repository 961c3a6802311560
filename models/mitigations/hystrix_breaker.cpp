// Each client process stops calling once half of the calls of ten seconds have failed; one probe
// decides when it goes on.
#include "models/mitigations/rolling_breaker.h"

namespace stampede {
namespace hystrix_breaker {

struct Params {
  Duration window = 10_s;
  i64 minimum_calls = 20;
  Share failures{0.5};
  Duration wait_open = 5_s;
  static void describe(Schema<Params>& s) {
    s.field("window", &Params::window)
        .range(1, 3600)
        .help("time over which calls are counted")
        .source("Hystrix: rolling window 10 s");
    s.field("minimum_calls", &Params::minimum_calls)
        .range(1, 1e5)
        .help("calls without which it does not open")
        .source("Hystrix: requestVolumeThreshold 20");
    s.field("failures", &Params::failures)
        .range(0.001, 1)
        .help("share of failed calls at which it opens")
        .source("Hystrix: errorThresholdPercentage 50");
    s.field("wait_open", &Params::wait_open)
        .range(0.001, 86400)
        .help("how long it stays open until one call is let through")
        .source("Hystrix: sleepWindow 5 s");
  }
};

const RegisterOverlay<Params> registered{
    {"hystrix_breaker", MitigationSlot::kBreaker,
     "each client process stops calling when half of the last seconds' calls failed", "Hystrix"},
    [](const Params& p) {
      return rolling_breaker(p.window, p.minimum_calls, p.failures, p.wait_open);
    }};

}  // namespace hystrix_breaker
}  // namespace stampede
