// A pod turns away a share of its requests that grows with the share of those that failed lately.
// **State** by pod: requests and successes of each second of the window.
// **Source** Envoy, admission control filter: P = ((n - s / threshold) / (n + 1))^(1 / aggression),
// at most max_rejection, and its defaults. What it turns away itself does not count.
// **Limits** a first token is a success, as a response's headers are.
#include <algorithm>
#include <deque>

#include "models/mitigations/mechanism.h"
#include "models/ports/admission_port.h"
#include "sim/math.h"
#include "sim/random.h"

namespace stampede {
namespace envoy_admission_control {

struct Params {
  Duration window = 30_s;
  Share threshold{0.95}, max_rejection{0.8};
  double aggression = 1;
  Rate least_rate{0};
  static void describe(Schema<Params>& s) {
    const char* source = "Envoy: admission control, its default";
    s.field("window", &Params::window)
        .range(1, 3600)
        .help("time over which requests are counted, in whole seconds")
        .source(source);
    s.field("threshold", &Params::threshold)
        .range(0.01, 1)
        .help("share of successes below which requests are turned away")
        .source(source);
    s.field("aggression", &Params::aggression)
        .range(1, 100)
        .help("the root that is taken: the higher, the more are turned away early")
        .source(source);
    s.field("least_rate", &Params::least_rate)
        .range(0, 1e9)
        .help("with fewer requests over the window none is turned away")
        .source(source);
    s.field("max_rejection", &Params::max_rejection)
        .range(0, 1)
        .help("highest share that is turned away")
        .source(source);
  }
};

class AdmissionControl final : public AdmissionPolicy {
 public:
  AdmissionControl(const Params& params, const Place& place)
      : params_(params), stream_(place.world.stream(place.path, "envoy_admission_control")) {}

  void started(PodId pod) override {
    if (pod >= pods_.size()) pods_.resize(pod + 1);
    pods_[pod].seconds.clear();
  }
  bool takes(PodId pod, const Arrival&, Instant now) override {
    Pod& p = pods_[pod];
    forget(p, now);
    const double share = rejected(p);
    return share <= 0 || uniform(draw(stream_, pod, p.draws++)) >= share;
  }
  void first_token(PodId pod, Duration, Instant at) override { count(pod, at, true); }
  void ended(PodId pod, Outcome outcome, Duration, Instant at) override {
    if (outcome == Outcome::kRejected503) count(pod, at, false);
    if (outcome == Outcome::kTruncated || outcome == Outcome::kTimeout) count(pod, at, false);
  }

 private:
  struct Second {
    i64 at = 0;
    u32 all = 0, good = 0;
  };
  struct Pod {
    std::deque<Second> seconds;
    u32 draws = 0;
  };
  static i64 second(Instant at) { return at.ns / 1'000'000'000; }
  void forget(Pod& p, Instant now) const {
    const i64 oldest = second(now) - params_.window.ns / 1'000'000'000;
    while (!p.seconds.empty() && p.seconds.front().at <= oldest) p.seconds.pop_front();
  }
  void count(PodId pod, Instant at, bool good) {
    Pod& p = pods_[pod];
    forget(p, at);
    if (p.seconds.empty() || p.seconds.back().at < second(at)) p.seconds.push_back({second(at)});
    ++p.seconds.back().all;
    p.seconds.back().good += good;
  }
  double rejected(const Pod& p) const {
    double all = 0, good = 0;
    for (const Second& s : p.seconds) all += s.all, good += s.good;
    if (all < params_.least_rate.per_second * params_.window.seconds()) return 0;
    const double share = (all - good / params_.threshold.value) / (all + 1);
    if (share <= 0) return 0;
    return std::min(params_.max_rejection.value, math::pow(share, 1 / params_.aggression));
  }

  const Params& params_;
  StreamKey stream_;
  std::deque<Pod> pods_;  // [pod]
};

const RegisterMechanism<AdmissionPolicy, AdmissionControl, Params> registered{
    {"envoy_admission_control", MitigationSlot::kShed,
     "each pod turns away more the fewer of its requests succeeded lately", "Envoy"}};

}  // namespace envoy_admission_control
}  // namespace stampede
