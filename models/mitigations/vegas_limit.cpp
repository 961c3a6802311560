// A pod's limit of concurrency follows the queue that latencies tell of, as TCP Vegas does.
// **State** by pod: the limit, the latency without load, samples since that was probed.
// **Source** Netflix concurrency-limits: VegasLimit and its defaults. A queue of
// ceil(limit (1 - least / latency)) is compared with log10, 3 log10 and 6 log10 of the limit.
#include <algorithm>
#include <cmath>

#include "models/mitigations/concurrency_limit.h"
#include "sim/random.h"

namespace stampede {
namespace vegas_limit {

struct Params {
  u32 initial = 20, most = 1000, probe = 30;
  double smoothing = 1;
  MeasuredLatency measure = MeasuredLatency::kFirstToken;
  static void describe(Schema<Params>& s) {
    const char* source = "Netflix concurrency-limits: VegasLimit, its default";
    s.field("initial", &Params::initial)
        .range(1, 1e6)
        .help("limit of a pod that begins")
        .source(source);
    s.field("most", &Params::most).range(1, 1e6).help("highest limit").source(source);
    s.field("probe", &Params::probe)
        .range(1, 1e6)
        .help("the least latency is forgotten after this times the limit times U(0.5, 1) samples")
        .source(source);
    s.field("smoothing", &Params::smoothing)
        .range(0.001, 1)
        .help("share of a new limit that is taken over at once")
        .source(source);
    describe_measure(s);
  }
};

// The whole part, and at least 1.
u32 log10_of(double limit) {
  u32 digits = 0;
  for (u64 n = static_cast<u64>(limit); n >= 10; n /= 10) ++digits;
  return std::max(1U, digits);
}

class Vegas {
 public:
  using Params = vegas_limit::Params;
  static constexpr const char* kName = "vegas_limit";
  Vegas(const Params& params, StreamKey stream, PodId pod)
      : params_(&params), stream_(stream), pod_(pod), limit_(params.initial) {
    draw_probe();
  }

  u32 limit(Instant) const { return static_cast<u32>(limit_); }
  void sample(const LatencySample& s) {
    ++samples_;
    if (probe_at_ * limit_ <= samples_) {
      draw_probe();
      samples_ = 0;
      least_ = s.latency;
      return;
    }
    if (least_.ns == 0 || s.latency < least_) {
      least_ = s.latency;
      return;
    }
    const double wanted = std::clamp(moved(s), 1.0, static_cast<double>(params_->most));
    if (wanted != limit_) limit_ = (1 - params_->smoothing) * limit_ + params_->smoothing * wanted;
  }

 private:
  double moved(const LatencySample& s) const {
    const u32 step = log10_of(limit_);
    if (s.dropped) return limit_ - step;
    if (2.0 * s.in_flight < limit_) return limit_;  // it says nothing about more
    const double queue = std::ceil(limit_ * (1 - least_.seconds() / s.latency.seconds()));
    if (queue <= step) return limit_ + 6 * step;
    if (queue < 3 * step) return limit_ + step;
    return queue > 6 * step ? limit_ - step : limit_;
  }
  void draw_probe() {
    probe_at_ = params_->probe * (0.5 + 0.5 * uniform(draw(stream_, pod_, probes_++)));
  }

  const Params* params_;
  StreamKey stream_;
  PodId pod_;
  double limit_, probe_at_ = 0;
  Duration least_{};
  u32 samples_ = 0, probes_ = 0;
};

const RegisterMechanism<AdmissionPolicy, ConcurrencyLimit<Vegas>, Params> registered{
    {"vegas_limit", MitigationSlot::kLimit,
     "each pod limits its requests by the queue that latencies tell of",
     "Netflix concurrency-limits"}};

}  // namespace vegas_limit
}  // namespace stampede
