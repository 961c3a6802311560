// A pod's limit of concurrency grows by one with each good answer and shrinks by a tenth with each
// bad one.
// **State** by pod: the limit.
// **Source** Netflix concurrency-limits: AIMDLimit and its defaults.
#include <algorithm>

#include "models/mitigations/concurrency_limit.h"

namespace stampede {
namespace aimd_limit {

struct Params {
  u32 initial = 20, least = 20, most = 200;
  Share backoff{0.9};
  Duration timeout = 5_s;
  MeasuredLatency measure = MeasuredLatency::kFirstToken;
  static void describe(Schema<Params>& s) {
    const char* source = "Netflix concurrency-limits: AIMDLimit, its default";
    s.field("initial", &Params::initial)
        .range(1, 1e6)
        .help("limit of a pod that begins")
        .source(source);
    s.field("least", &Params::least).range(1, 1e6).help("lowest limit").source(source);
    s.field("most", &Params::most).range(1, 1e6).help("highest limit").source(source);
    s.field("backoff", &Params::backoff)
        .range(0.5, 0.999)
        .help("what is left of the limit after a request that failed or took too long")
        .source(source);
    s.field("timeout", &Params::timeout)
        .range(1e-6, 86400)
        .help("a longer latency counts as a failure")
        .source(source);
    describe_measure(s);
  }
};

class Aimd {
 public:
  using Params = aimd_limit::Params;
  static constexpr const char* kName = "aimd_limit";
  Aimd(const Params& params, StreamKey, PodId) : params_(&params), limit_(params.initial) {}

  u32 limit(Instant) const { return limit_; }
  void sample(const LatencySample& s) {
    if (s.dropped || s.latency > params_->timeout) {
      const double left = limit_ * params_->backoff.value;
      limit_ = std::min(limit_ - 1, static_cast<u32>(left));
    } else if (2 * s.in_flight >= limit_) {
      ++limit_;
    }
    limit_ = std::clamp(limit_, params_->least, std::max(params_->least, params_->most));
  }

 private:
  const Params* params_;
  u32 limit_;
};

const RegisterMechanism<AdmissionPolicy, ConcurrencyLimit<Aimd>, Params> registered{
    {"aimd_limit", MitigationSlot::kLimit,
     "each pod's limit of requests grows by one and shrinks by a tenth",
     "Netflix concurrency-limits"}};

}  // namespace aimd_limit
}  // namespace stampede
