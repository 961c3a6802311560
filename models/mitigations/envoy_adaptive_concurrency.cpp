// A pod's limit of concurrency follows the ratio of its least latency, measured from time to time
// with few requests in flight, to its latency now.
// **State** by pod: measuring (few in flight, until enough samples) -> following (the limit anew in
// each window) -interval, or five windows at the least limit-> measuring.
// **Source** Envoy, adaptive concurrency filter: gradient controller and its defaults; the two
// intervals, which have none, are those of its example.
// **Limits** percentiles are those of the samples, not of a histogram's bins.
#include <algorithm>
#include <cmath>
#include <vector>

#include "models/mitigations/concurrency_limit.h"
#include "sim/random.h"

namespace stampede {
namespace envoy_adaptive_concurrency {

struct Params {
  Duration window = 100_ms, interval = 60_s;
  Share percentile{0.5}, buffer{0.25}, jitter{0.15};
  u32 samples = 50, least = 3, most = 1000;
  MeasuredLatency measure = MeasuredLatency::kFirstToken;
  static void describe(Schema<Params>& s) {
    const char* source = "Envoy: adaptive concurrency, its default";
    const char* example = "Envoy: adaptive concurrency, its example";
    s.field("window", &Params::window)
        .range(1e-3, 3600)
        .help("time over which latencies are looked at before the limit moves")
        .source(example);
    s.field("interval", &Params::interval)
        .range(1e-3, 864000)
        .help("time between two measurements of the least latency")
        .source(example);
    s.field("percentile", &Params::percentile)
        .range(0.001, 1)
        .help("which of the latencies counts")
        .source(source);
    s.field("buffer", &Params::buffer)
        .range(0, 100)
        .help("by how much a latency may be above the least before the limit shrinks")
        .source(source);
    s.field("jitter", &Params::jitter)
        .range(0, 1)
        .help("each interval is longer by a share drawn up to this")
        .source(source);
    s.field("samples", &Params::samples)
        .range(1, 1e6)
        .help("latencies that a measurement needs")
        .source(source);
    s.field("least", &Params::least)
        .range(1, 1e6)
        .help("lowest limit, and the one while the least latency is measured")
        .source(source);
    s.field("most", &Params::most).range(1, 1e6).help("highest limit").source(source);
    describe_measure(s);
  }
};

class Gradient {
 public:
  using Params = envoy_adaptive_concurrency::Params;
  static constexpr const char* kName = "envoy_adaptive_concurrency";
  Gradient(const Params& params, StreamKey stream, PodId pod)
      : params_(&params), stream_(stream), pod_(pod), limit_(params.least), deferred_(limit_) {}

  u32 limit(Instant now) {
    catch_up(now);
    return limit_;
  }
  void sample(const LatencySample& s) {
    catch_up(s.at);
    // Failures are no samples; neither is what began before this measurement.
    if (s.dropped || s.at - s.latency < measured_from_) return;
    latencies_.push_back(s.latency);
    if (measuring_ && latencies_.size() >= params_->samples) measured(s.at);
  }

 private:
  // What timers would have done by now.
  void catch_up(Instant now) {
    while (!measuring_) {
      const Instant next = std::min(window_ends_, measure_at_);
      if (next > now) return;
      if (measure_at_ <= window_ends_) return measure(measure_at_);
      window_over();
      const i64 empty = (now - window_ends_).ns / params_->window.ns;
      window_ends_ = window_ends_ + Duration{(empty + 1) * params_->window.ns};
    }
  }
  void measure(Instant now) {
    measuring_ = true;
    deferred_ = limit_;
    set(params_->least);
    latencies_.clear();
    measured_from_ = now;
  }
  void measured(Instant now) {
    least_ = of_samples();
    set(deferred_);
    measuring_ = false;
    const double longer = params_->jitter.value * uniform(draw(stream_, pod_, draws_++));
    measure_at_ = now + params_->interval + from_seconds(params_->interval.seconds() * longer);
    window_ends_ = now + params_->window;
  }
  void window_over() {
    if (latencies_.empty()) return;
    const double latency = of_samples().seconds();
    const double allowed = least_.seconds() * (1 + params_->buffer.value);
    const double by_gradient = limit_ * std::clamp(allowed / latency, 0.5, 2.0);
    const double wanted = by_gradient + std::sqrt(by_gradient);
    set(static_cast<u32>(std::clamp(wanted, static_cast<double>(params_->least),
                                    static_cast<double>(std::max(params_->least, params_->most)))));
    if (at_least_ >= 5) measure_at_ = window_ends_;
  }
  void set(u32 limit) {
    const bool low = limit == params_->least && limit_ == params_->least;
    at_least_ = low && !measuring_ ? at_least_ + 1 : 0;
    limit_ = limit;
  }
  Duration of_samples() {
    const double rank =
        std::ceil(params_->percentile.value * static_cast<double>(latencies_.size()));
    const auto at = latencies_.begin() + static_cast<std::ptrdiff_t>(std::max(1.0, rank)) - 1;
    std::nth_element(latencies_.begin(), at, latencies_.end());
    const Duration found = std::max(*at, Duration{1});
    latencies_.clear();
    return found;
  }

  const Params* params_;
  StreamKey stream_;
  PodId pod_;
  u32 limit_, deferred_, at_least_ = 0, draws_ = 0;
  bool measuring_ = true;
  Duration least_{};
  Instant measured_from_{}, window_ends_ = kNever, measure_at_ = kNever;
  std::vector<Duration> latencies_;
};

const RegisterMechanism<AdmissionPolicy, ConcurrencyLimit<Gradient>, Params> registered{
    {"envoy_adaptive_concurrency", MitigationSlot::kLimit,
     "each pod limits its requests by how far latencies are above the least", "Envoy"}};

}  // namespace envoy_adaptive_concurrency
}  // namespace stampede
