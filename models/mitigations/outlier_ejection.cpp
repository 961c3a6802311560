// A gateway keeps attempts from pods that failed several times in a row, for a while.
// **State** by pod: in use -`consecutive` failures-> ejected -base_time x multiplier, at most
// max_time, seen at the next interval-> in use. The multiplier rises by one with each ejection and
// falls by one with each interval at whose end the pod is in use.
// **Source** Envoy, outlier detection: consecutive 5xx and its defaults. A refused connection and a
// broken stream count as 5xx; the first token, which comes with the response's headers, ends a row.
// A pod is ejected while the share of those that are ejected is below max_ejected: at least one
// always can be. A pod that leaves the endpoints is forgotten.
// **Limits** no panic mode: with max_ejected near 1 all can be ejected, and the gateway answers
// 503; no success rates, no jitter of the ejection time. A prompt too long for the pod is the
// client's fault (400) and counts as nothing.
#include <algorithm>

#include "models/mitigations/mechanism.h"
#include "models/ports/endpoint_filter_port.h"

namespace stampede {
namespace outlier_ejection {

struct Params {
  i64 consecutive = 5;
  Duration interval = 10_s;
  Duration base_time = 30_s;
  Duration max_time = 5_min;
  Share max_ejected{0.1};
  static void describe(Schema<Params>& s) {
    s.field("consecutive", &Params::consecutive)
        .range(1, 1e6)
        .help("failures in a row after which a pod is ejected")
        .source("Envoy: consecutive_5xx 5");
    s.field("interval", &Params::interval)
        .range(0.001, 3600)
        .help("time between two looks at which ejected pods may return and multipliers fall")
        .source("Envoy: interval 10 s");
    s.field("base_time", &Params::base_time)
        .range(0, 86400)
        .help("time of a first ejection; the k-th in close succession lasts k times as long")
        .source("Envoy: base_ejection_time 30 s");
    s.field("max_time", &Params::max_time)
        .range(0, 86400)
        .help("longest ejection")
        .source("Envoy: max_ejection_time 300 s");
    s.field("max_ejected", &Params::max_ejected)
        .range(0, 1)
        .help("no further pod is ejected once this share of a pool is; one always can be")
        .source("Envoy: max_ejection_percent 10 %");
  }
};

class OutlierEjection final : public EndpointFilter {
 public:
  OutlierEjection(const Params& params, const Place&) : params_(params) {}

  void first_token(PodId pod, Duration, Instant) override { answered(pod); }

  void ended(PodId pod, Outcome outcome, Duration, Instant at) override {
    if (outcome == Outcome::kSucceeded) return answered(pod);
    if (outcome != Outcome::kRejected503 && outcome != Outcome::kTruncated) return;
    if (pod >= hosts_.size() || !hosts_[pod].listed || hosts_[pod].ejected) return;
    if (++hosts_[pod].failures < params_.consecutive) return;
    hosts_[pod].failures = 0;
    if (ejected_ == 0 || static_cast<double>(ejected_) <
                             params_.max_ejected.value * static_cast<double>(listed_.size()))
      eject(hosts_[pod], at);
  }

  void filter(Instant now, std::vector<PodId>& pods) override {
    changed_ = false;
    follow(pods);
    while (next_look_ <= now) look();
    if (ejected_ > 0)
      pods.erase(std::remove_if(pods.begin(), pods.end(),
                                [this](PodId pod) { return hosts_[pod].ejected; }),
                 pods.end());
  }
  bool changed() const override { return changed_; }
  Instant next_change() const override { return next_look_; }

 private:
  struct Host {
    i64 failures = 0;    // in a row
    i64 multiplier = 0;  // of the base time
    Instant since{};     // of the ejection
    bool listed = false, ejected = false;
  };

  void answered(PodId pod) {
    if (pod < hosts_.size()) hosts_[pod].failures = 0;
  }

  void eject(Host& host, Instant at) {
    host.ejected = true;
    host.since = at;
    ++ejected_;
    if (params_.base_time * host.multiplier < params_.max_time + params_.base_time)
      ++host.multiplier;
    changed_ = true;
    if (next_look_ == kNever)
      next_look_ = {(at.ns / params_.interval.ns + 1) * params_.interval.ns};
  }

  void look() {
    bool idle = true;
    for (const PodId pod : listed_) {
      Host& host = hosts_[pod];
      if (!host.ejected) {
        host.multiplier -= host.multiplier > 0;
      } else if (std::min(params_.base_time * host.multiplier, params_.max_time) <=
                 next_look_ - host.since) {
        host.ejected = false;
        host.failures = 0;
        --ejected_;
      }
      idle = idle && host.multiplier == 0 && !host.ejected;
    }
    next_look_ = idle ? kNever : next_look_ + params_.interval;
  }

  void follow(const std::vector<PodId>& pods) {
    if (pods == listed_) return;
    for (const PodId pod : listed_) {
      if (std::binary_search(pods.begin(), pods.end(), pod)) continue;
      ejected_ -= hosts_[pod].ejected;
      hosts_[pod] = {};
    }
    listed_ = pods;
    if (!pods.empty() && pods.back() >= hosts_.size()) hosts_.resize(pods.back() + 1);
    for (const PodId pod : pods) hosts_[pod].listed = true;
  }

  const Params& params_;
  std::vector<Host> hosts_;  // [pod]
  std::vector<PodId> listed_;
  std::size_t ejected_ = 0;
  Instant next_look_ = kNever;  // none while all is well: every count is zero then
  bool changed_ = false;
};

const RegisterMechanism<EndpointFilter, OutlierEjection, Params> registered{
    "outlier_ejection", "a gateway ejects pods that failed several times in a row", "Envoy"};

}  // namespace outlier_ejection
}  // namespace stampede
