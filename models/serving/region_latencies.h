// Latencies of one region's requests by pod, for those who scrape them.
// Source: vLLM v1/metrics: time to first token, time in the queue, whole time, each from the
// request's arrival at its pod. Limits: a decode pod has no first tokens and its queue begins with
// the prefill pod's arrival.
#pragma once
#include <deque>

#include "models/serving/region.h"

namespace stampede {

struct Region::Latencies {
  explicit Latencies(const Region& of) : region(of) {}
  struct OfPod {
    PodLatencies histograms;
    u64 requests = 0;
  };
  OfPod& of(PodId pod) {
    if (pod >= pods.size()) pods.resize(pod + 1);
    return pods[pod];
  }
  void add(PodId pod, LatencyKind kind, Duration time) {
    of(pod).histograms[static_cast<std::size_t>(kind)].add(kind, time.seconds());
  }
  void admitted(u32 slot, Instant at) {
    const Attempt& a = (*region.wiring_.attempts)[slot];
    add(a.pod, LatencyKind::kQueueTime, std::max(at - a.started, Duration{}));
  }
  const Region& region;
  std::deque<OfPod> pods;  // [pod]
};

}  // namespace stampede
