// A pod's limit of concurrency shrinks while latencies are above their long average.
// **State** by pod: the limit, the long average.
// **Source** Netflix concurrency-limits: Gradient2Limit and its defaults. The new limit is
// limit x clamp(tolerance x long / latency, 0.5, 1) + queue, smoothed.
#include <algorithm>

#include "models/mitigations/concurrency_limit.h"

namespace stampede {
namespace gradient2_limit {

struct Params {
  u32 initial = 20, least = 20, most = 200, queue = 4, window = 600;
  double smoothing = 0.2, tolerance = 1.5;
  MeasuredLatency measure = MeasuredLatency::kFirstToken;
  static void describe(Schema<Params>& s) {
    const char* source = "Netflix concurrency-limits: Gradient2Limit, its default";
    s.field("initial", &Params::initial)
        .range(1, 1e6)
        .help("limit of a pod that begins")
        .source(source);
    s.field("least", &Params::least).range(1, 1e6).help("lowest limit").source(source);
    s.field("most", &Params::most).range(1, 1e6).help("highest limit").source(source);
    s.field("queue", &Params::queue)
        .range(0, 1e6)
        .help("by how much a limit may grow with each sample, before smoothing")
        .source(source);
    s.field("window", &Params::window)
        .range(1, 1e6)
        .help("samples of the exponential long average; it begins as the mean of the first ten")
        .source(source);
    s.field("smoothing", &Params::smoothing)
        .range(0.001, 1)
        .help("share of a new limit that is taken over at once")
        .source(source);
    s.field("tolerance", &Params::tolerance)
        .range(1, 100)
        .help("how many times the long average a latency may be before the limit shrinks")
        .source(source);
    describe_measure(s);
  }
};

class Gradient2 {
 public:
  using Params = gradient2_limit::Params;
  static constexpr const char* kName = "gradient2_limit";
  Gradient2(const Params& params, StreamKey, PodId) : params_(&params), limit_(params.initial) {}

  u32 limit(Instant) const { return static_cast<u32>(limit_); }
  void sample(const LatencySample& s) {
    const double latency = s.latency.seconds();
    const double average = averaged(latency);
    if (average > 2 * latency) average_ *= 0.95;  // after a long overload
    if (s.in_flight < limit_ / 2) return;         // it says nothing about more
    const double gradient = std::clamp(params_->tolerance * average / latency, 0.5, 1.0);
    const double wanted = limit_ * gradient + params_->queue;
    limit_ = std::clamp(limit_ * (1 - params_->smoothing) + wanted * params_->smoothing,
                        static_cast<double>(params_->least),
                        static_cast<double>(std::max(params_->least, params_->most)));
  }

 private:
  double averaged(double latency) {
    if (samples_ < kFirst) {
      sum_ += latency;
      return average_ = sum_ / ++samples_;
    }
    const double weight = 2.0 / (params_->window + 1);
    return average_ = average_ * (1 - weight) + latency * weight;
  }

  static constexpr u32 kFirst = 10;
  const Params* params_;
  double limit_, average_ = 0, sum_ = 0;
  u32 samples_ = 0;
};

const RegisterMechanism<AdmissionPolicy, ConcurrencyLimit<Gradient2>, Params> registered{
    {"gradient2_limit", MitigationSlot::kLimit,
     "each pod limits its requests while latencies are above their long average",
     "Netflix concurrency-limits"}};

}  // namespace gradient2_limit
}  // namespace stampede
