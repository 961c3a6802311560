// Envoy's ejection of hosts, whatever it is that shows which one is bad: how many may be out, for
// how long, and when they return. For filters of pods.
// **State** by pod: in use -eject(), while fewer than max_ejected of the pool are out-> ejected
// -base_time x multiplier, at most max_time, seen at the next interval-> in use. The multiplier
// rises by one with each ejection and falls by one with each interval at whose end the pod is in
// use. A pod that leaves the endpoints is forgotten.
// **Source** Envoy: outlier detection.
#pragma once
#include <algorithm>
#include <vector>

#include "models/ports/endpoint_filter_port.h"
#include "sim/params.h"

namespace stampede {

struct EjectionParams {
  Duration interval = 10_s;
  Duration base_time = 30_s;
  Duration max_time = 5_min;
  Share max_ejected{0.1};
};

// The same fields in each mitigation, whose Params derive from EjectionParams.
template <class Params>
void describe_ejection(Schema<Params>& s, const char* interval_help) {
  Duration Params::*interval = &Params::interval;  // as members of what derives
  Duration Params::*base_time = &Params::base_time;
  Duration Params::*max_time = &Params::max_time;
  Share Params::*max_ejected = &Params::max_ejected;
  s.field("interval", interval)
      .range(0.001, 3600)
      .help(interval_help)
      .source("Envoy: interval 10 s");
  s.field("base_time", base_time)
      .range(0, 86400)
      .help("time of a first ejection; the k-th in close succession lasts k times as long")
      .source("Envoy: base_ejection_time 30 s");
  s.field("max_time", max_time)
      .range(0, 86400)
      .help("longest ejection")
      .source("Envoy: max_ejection_time 300 s");
  s.field("max_ejected", max_ejected)
      .range(0, 1)
      .help("no further pod is ejected once this share of a pool is; one always can be")
      .source("Envoy: max_ejection_percent 10 %");
}

class PodEjection : public EndpointFilter {
 public:
  explicit PodEjection(const EjectionParams& params) : ejection_(params) {}

  void filter(Instant now, std::vector<PodId>& pods) final {
    follow(pods);
    while (next_look_ <= now) look();
    changed_ = false;
    if (ejected_ > 0)
      pods.erase(std::remove_if(pods.begin(), pods.end(),
                                [this](PodId pod) { return hosts_[pod].ejected; }),
                 pods.end());
  }
  bool changed() const final { return changed_; }
  Instant next_change() const final { return next_look_; }

 protected:
  // Is it an endpoint that is in use?
  bool in_use(PodId pod) const {
    return pod < hosts_.size() && hosts_[pod].listed && !hosts_[pod].ejected;
  }
  const std::vector<PodId>& listed() const { return listed_; }  // ascending, with the ejected ones

  void eject(PodId pod, Instant at) {
    if (ejected_ > 0 && static_cast<double>(ejected_) >=
                            ejection_.max_ejected.value * static_cast<double>(listed_.size()))
      return;
    Host& host = hosts_[pod];
    host.ejected = true;
    host.since = at;
    ++ejected_;
    if (ejection_.base_time * host.multiplier < ejection_.max_time + ejection_.base_time)
      ++host.multiplier;
    changed_ = true;
    look_at_end_of(at);
  }
  // From now on there is something to look at when the interval ends.
  void look_at_end_of(Instant now) {
    if (next_look_ != kNever) return;
    changed_ = true;
    next_look_ = {(now.ns / ejection_.interval.ns + 1) * ejection_.interval.ns};
  }

  // What is counted of a pod begins anew: it is back, or was forgotten.
  virtual void forget(PodId pod) = 0;
  // At the end of an interval, after pods have returned; may eject. Returns whether anything is
  // left that makes another look worthwhile.
  virtual bool judge(Instant /*at*/) { return false; }

 private:
  struct Host {
    i64 multiplier = 0;  // of the base time
    Instant since{};     // of the ejection
    bool listed = false, ejected = false;
  };

  void look() {
    const Instant at = next_look_;
    bool idle = true;
    for (const PodId pod : listed_) {
      Host& host = hosts_[pod];
      if (!host.ejected) {
        host.multiplier -= host.multiplier > 0;
      } else if (std::min(ejection_.base_time * host.multiplier, ejection_.max_time) <=
                 at - host.since) {
        host.ejected = false;
        --ejected_;
        forget(pod);
      }
      idle = idle && host.multiplier == 0 && !host.ejected;
    }
    next_look_ = at + ejection_.interval;
    if (!judge(at) && idle && ejected_ == 0) next_look_ = kNever;
  }

  void follow(const std::vector<PodId>& pods) {
    if (pods == listed_) return;
    for (const PodId pod : listed_) {
      if (std::binary_search(pods.begin(), pods.end(), pod)) continue;
      ejected_ -= hosts_[pod].ejected;
      hosts_[pod] = {};
      forget(pod);
    }
    listed_ = pods;
    if (!pods.empty() && pods.back() >= hosts_.size()) hosts_.resize(pods.back() + 1);
    for (const PodId pod : pods) hosts_[pod].listed = true;
  }

  const EjectionParams& ejection_;
  std::vector<Host> hosts_;  // [pod]
  std::vector<PodId> listed_;
  std::size_t ejected_ = 0;
  Instant next_look_ = kNever;  // none while all is well: every multiplier is zero then
  bool changed_ = false;
};

// Successes and failures of each pod in the running interval, for rules that compare pods.
class EjectionByRates : public PodEjection {
 public:
  using PodEjection::PodEjection;
  void ended(PodId pod, Outcome outcome, Duration, Instant at) final {
    const bool failed = outcome == Outcome::kRejected503 || outcome == Outcome::kTruncated;
    if ((!failed && outcome != Outcome::kSucceeded) || !in_use(pod)) return;
    if (pod >= counts_.size()) counts_.resize(pod + 1);
    ++counts_[pod].attempts;
    counts_[pod].failures += failed;
    look_at_end_of(at);
  }

 protected:
  struct Rated {
    PodId pod = 0;
    double successes = 0;  // share
  };
  // Pods with at least `volume` attempts in this interval, ascending.
  std::vector<Rated> rated(i64 volume) const {
    std::vector<Rated> pods;
    for (const PodId pod : listed())
      if (pod < counts_.size() && counts_[pod].attempts >= volume)
        pods.push_back({pod, 1 - static_cast<double>(counts_[pod].failures) /
                                     static_cast<double>(counts_[pod].attempts)});
    return pods;
  }
  // Who shall be ejected, of those that rated() named.
  virtual std::vector<PodId> outliers() const = 0;

 private:
  void forget(PodId pod) override {
    if (pod < counts_.size()) counts_[pod] = {};
  }
  bool judge(Instant at) override {
    for (const PodId pod : outliers())
      if (in_use(pod)) eject(pod, at);
    const bool heard =
        std::any_of(counts_.begin(), counts_.end(), [](const Count& c) { return c.attempts > 0; });
    counts_.assign(counts_.size(), {});
    return heard;
  }

  struct Count {
    i64 attempts = 0, failures = 0;
  };
  std::vector<Count> counts_;  // [pod]
};

}  // namespace stampede
