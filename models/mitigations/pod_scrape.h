// The gauges of a pool's pods as a router last read them.
// **State** by pod the newest sample; with a period of 0 there is none, and each look is a fresh
// one.
// **Source** Gateway API inference extension: metrics of each pod every 50 ms; vLLM's balancer of
// data-parallel ranks: published every 100 ms; vLLM production-stack: scraped every 30 s.
// **Limits** all pods are read at the same instant, after what ends there, among what arrives; an
// answer takes no time, and none is lost.
#pragma once
#include <vector>

#include "models/ports/replica_choice_port.h"
#include "sim/params.h"

namespace stampede {

class PodScrape final : public Component {
 public:
  PodScrape(Duration period, const ReplicaChoice::Place& place)
      : period_(period), world_(place.world), port_(place.pods) {
    if (period.ns > 0 && port_ != nullptr) component_ = world_.scheduler.add(this);
  }
  void set_endpoints(const std::vector<u32>& pods) {
    pods_ = pods;
    if (!pods.empty() && pods.back() >= samples_.size()) samples_.resize(pods.back() + 1);
    if (begun_ || period_.ns == 0 || port_ == nullptr) return;
    begun_ = true;
    world_.scheduler.after(period_, Priority::kArrival, component_, 0);
  }
  // All zero before the first scrape.
  PodGauges of(u32 pod) {
    if (period_.ns == 0 && port_ != nullptr) return port_->gauges(pod);
    return samples_[pod];
  }
  u32 scrapes() const { return scrapes_; }

  void handle(const Event&) override {
    for (const u32 pod : pods_) samples_[pod] = port_->gauges(pod);
    ++scrapes_;
    world_.scheduler.after(period_, Priority::kArrival, component_, 0);
  }

 private:
  const Duration period_;
  World& world_;
  PodSignalsPort* const port_;
  ComponentId component_ = 0;
  bool begun_ = false;
  u32 scrapes_ = 0;
  std::vector<u32> pods_;
  std::vector<PodGauges> samples_;  // [pod]
};

}  // namespace stampede
