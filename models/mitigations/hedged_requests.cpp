// A second attempt of a request goes out once the first has waited longer than nearly all do, and
// whichever answers first is taken; the other is cancelled.
// **State** two windows of waits: the delay is the quantile of the last full one.
// **Source** Dean and Barroso, The Tail at Scale, 2013: hedged requests after the 95th percentile
// of the class, so that the load grows by about 5 %. As in gRFC A6, a hedge takes from the class's
// retry budget, if it has one.
// **Limits** one hedge for each attempt; a wait is that for the first token, and those that never
// end are not seen: when everything becomes slow at once, everything is hedged until the window has
// passed. The balancer and the rule of choice may send the hedge to the same pod.
#include "models/mitigations/mechanism.h"
#include "models/ports/hedging_port.h"
#include "sim/quantiles.h"

namespace stampede {
namespace hedged_requests {

struct Params {
  Share quantile{0.95};
  Duration window = 1_min;
  i64 least = 20;
  static void describe(Schema<Params>& s) {
    s.field("quantile", &Params::quantile)
        .range(0.01, 1)
        .help("share of the waits for a first token after whose length a second attempt goes out")
        .source("Tail at Scale: 95 %");
    s.field("window", &Params::window)
        .range(0.1, 86400)
        .help("time over which waits are collected; the last full window counts");
    s.field("least", &Params::least)
        .range(1, 1e9)
        .help("waits that a window must have; none is hedged after one with fewer");
  }
};

class HedgedRequests final : public HedgingPolicy {
 public:
  HedgedRequests(const Params& params, const Place& place)
      : params_(params), world_(place.world), ends_(place.world.now() + params.window) {}

  Duration delay() override {
    turn_page();
    return delay_;
  }
  void first_token(Duration waited) override {
    turn_page();
    waits_.add(static_cast<u64>(waited.ns));
  }

 private:
  void turn_page() {
    if (world_.now() < ends_) return;
    const bool missed = world_.now() - ends_ >= params_.window;  // nothing happened in the last one
    delay_ = !missed && waits_.count() >= static_cast<u64>(params_.least)
                 ? Duration{static_cast<i64>(waits_.quantile(params_.quantile.value))}
                 : Duration{};
    waits_ = {};
    ends_ = {(world_.now().ns / params_.window.ns + 1) * params_.window.ns};
  }

  const Params& params_;
  const World& world_;
  Instant ends_;
  Quantiles waits_;
  Duration delay_{};
};

const RegisterMechanism<HedgingPolicy, HedgedRequests, Params> registered{
    {"hedged_requests", MitigationSlot::kHedging,
     "a request that waits longer than nearly all is sent a second time",
     "Tail at Scale; gRFC A6: hedges take from the retry budget"}};

}  // namespace hedged_requests
}  // namespace stampede
