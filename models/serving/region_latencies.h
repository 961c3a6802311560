// Latencies of one region's requests by pod and by pool, for those who scrape them.
// Source: vLLM v1/metrics: time to first token, time in the queue, whole time, each from the
// request's arrival at its pod. Limits: a decode pod has no first tokens and its queue begins with
// the prefill pod's arrival.
#pragma once
#include <deque>
#include <vector>

#include "models/serving/pool_latencies.h"
#include "models/serving/region.h"

namespace stampede {

struct Region::Latencies {
  explicit Latencies(const Region& of) : region(of), pools(of.profiles_.size()) {}
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
  void first_token(PodId pod, AttemptSlot slot, const Attempt& a, Instant heard) {
    add(pod, LatencyKind::kTtft, heard - a.started);
    pools[region.pods_[pod].workload].ttft.add((heard - a.started).seconds());
    if (slot >= first_heard.size()) first_heard.resize(slot + 1);
    first_heard[slot] = heard;
  }
  void finished(PodId pod, AttemptSlot slot, const Attempt& a, Instant heard) {
    ++of(pod).requests;
    add(pod, LatencyKind::kRequest, heard - a.started);
    PoolLatencies& pool = pools[region.pods_[pod].workload];
    pool.request.add((heard - a.started).seconds());
    // One that began before anybody asked has no first token here.
    if (a.output > 1 && slot < first_heard.size() && first_heard[slot] >= a.started)
      pool.per_token.add((heard - first_heard[slot]).seconds() / (a.output - 1));
  }
  void admitted(u32 slot, Instant at) {
    const Attempt& a = (*region.wiring_.attempts)[slot];
    add(a.pod, LatencyKind::kQueueTime, std::max(at - a.started, Duration{}));
  }
  const Region& region;
  bool queue_times = false;          // of pods, of which engines have to tell in time
  std::deque<OfPod> pods;            // [pod]
  std::vector<PoolLatencies> pools;  // [workload]
  std::vector<Instant> first_heard;  // [slot of an attempt] its first token
};

}  // namespace stampede
