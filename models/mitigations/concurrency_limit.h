// What limits of concurrency have in common: in each pod an algorithm moves a limit by the
// latencies that it sees, and a request that comes while so many are there is turned away.
// **State** by pod: that of the algorithm; a pod that begins anew begins with a new one.
// **Source** Netflix concurrency-limits: SimpleLimiter in a server.
// **Limits** how many were in flight counts when a latency is seen, not when its request came.
#pragma once
#include <algorithm>
#include <deque>

#include "models/mitigations/mechanism.h"
#include "models/ports/admission_port.h"

namespace stampede {

// What counts as a request's latency, from its coming to the pod.
enum class MeasuredLatency : u8 {
  kFirstToken,  // until the first token, where a queue shows
  kAnswer       // until the whole answer, as a proxy has it that does not look into streams
};

struct LatencySample {
  Duration latency{};
  u32 in_flight = 0;     // with the one that it is of
  bool dropped = false;  // its client left, or the pod broke off
  Instant at{};
};

// `Algorithm`: Params with `measure`; a constructor (const Params&, StreamKey, PodId);
// limit(Instant), sample(const LatencySample&).
template <class Algorithm>
class ConcurrencyLimit final : public AdmissionPolicy {
 public:
  using Params = typename Algorithm::Params;
  ConcurrencyLimit(const Params& params, const Place& place)
      : params_(params),
        active_(place.active),
        stream_(place.world.stream(place.path, Algorithm::kName)) {}

  void started(PodId pod) override {
    while (pods_.size() <= pod)
      pods_.emplace_back(params_, stream_, static_cast<PodId>(pods_.size()));
    pods_[pod] = Algorithm(params_, stream_, pod);
  }
  bool takes(PodId pod, const Arrival&, Instant now) override {
    return active_.of(pod) < pods_[pod].limit(now);
  }
  void first_token(PodId pod, Duration waited, Instant at) override {
    if (params_.measure == MeasuredLatency::kFirstToken)
      sample(pod, {waited, active_.of(pod), false, at});
  }
  void ended(PodId pod, Outcome outcome, Duration waited, Instant at) override {
    const bool dropped = outcome == Outcome::kTimeout || outcome == Outcome::kTruncated;
    const bool answered =
        outcome == Outcome::kSucceeded && params_.measure == MeasuredLatency::kAnswer;
    if (dropped || answered) sample(pod, {waited, active_.of(pod) + 1, dropped, at});
  }

 private:
  void sample(PodId pod, LatencySample s) {
    s.latency = std::max(s.latency, Duration{1});
    pods_[pod].sample(s);
  }

  const Params& params_;
  const ActiveCounts& active_;
  StreamKey stream_;
  std::deque<Algorithm> pods_;  // [pod]
};

template <class Params>
void describe_measure(Schema<Params>& s) {
  s.field("measure", &Params::measure)
      .help("what the latency of a request is: until its first token, or its whole answer");
}

}  // namespace stampede
