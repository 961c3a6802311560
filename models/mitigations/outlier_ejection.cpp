// A gateway keeps attempts from pods that failed several times in a row, for a while.
// **State** by pod: in use -`consecutive` failures-> ejected, as in pod_ejection.h.
// **Source** Envoy, outlier detection: consecutive 5xx and its defaults. A refused connection and a
// broken stream count as 5xx; the first token, which comes with the response's headers, ends a row.
// **Limits** no panic mode: with max_ejected near 1 all can be ejected, and the gateway answers
// 503; no success rates, no jitter of the ejection time. A prompt too long for the pod is the
// client's fault (400) and counts as nothing.
#include "models/mitigations/mechanism.h"
#include "models/mitigations/pod_ejection.h"

namespace stampede {
namespace outlier_ejection {

struct Params : EjectionParams {
  i64 consecutive = 5;
  static void describe(Schema<Params>& s) {
    s.field("consecutive", &Params::consecutive)
        .range(1, 1e6)
        .help("failures in a row after which a pod is ejected")
        .source("Envoy: consecutive_5xx 5");
    describe_ejection(
        s, "time between two looks at which ejected pods may return and multipliers fall");
  }
};

class OutlierEjection final : public PodEjection {
 public:
  OutlierEjection(const Params& params, const Place&) : PodEjection(params), params_(params) {}

  void first_token(PodId pod, Duration, Instant) override { forget(pod); }

  void ended(PodId pod, Outcome outcome, Duration, Instant at) override {
    if (outcome == Outcome::kSucceeded) return forget(pod);
    if (outcome != Outcome::kRejected503 && outcome != Outcome::kTruncated) return;
    if (!in_use(pod)) return;
    if (pod >= failures_.size()) failures_.resize(pod + 1);
    if (++failures_[pod] < params_.consecutive) return;
    failures_[pod] = 0;
    eject(pod, at);
  }

 private:
  void forget(PodId pod) override {
    if (pod < failures_.size()) failures_[pod] = 0;
  }

  const Params& params_;
  std::vector<i64> failures_;  // [pod] in a row
};

const RegisterMechanism<EndpointFilter, OutlierEjection, Params> registered{
    {"outlier_ejection",
     MitigationSlot::kEjection,
     "a gateway ejects pods that failed several times in a row",
     "Envoy",
     {Need::kReplicas}}};

}  // namespace outlier_ejection
}  // namespace stampede
