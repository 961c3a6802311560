// A gateway keeps attempts from pods most of whose attempts failed.
// **State** by pod: attempts and failures of the running interval; then as in pod_ejection.h.
// **Source** Envoy, outlier detection by failure percentage, and its defaults (there it must be
// switched on): at the end of an interval, pods with at least `volume` attempts are judged, if
// there are at least `hosts` of them.
// **Limits** as in success_rate_ejection.
#include "models/mitigations/mechanism.h"
#include "models/mitigations/pod_ejection.h"

namespace stampede {
namespace failure_percentage_ejection {

struct Params : EjectionParams {
  Share failed{0.85};
  i64 hosts = 5;
  i64 volume = 50;
  static void describe(Schema<Params>& s) {
    s.field("failed", &Params::failed)
        .range(0, 1)
        .help("share of the attempts of an interval whose failure ejects their pod")
        .source("Envoy: failure_percentage_threshold 85");
    s.field("hosts", &Params::hosts)
        .range(1, 1e6)
        .help("pods with enough attempts without which none is judged")
        .source("Envoy: failure_percentage_minimum_hosts 5");
    s.field("volume", &Params::volume)
        .range(1, 1e9)
        .help("attempts of an interval without which a pod is not judged")
        .source("Envoy: failure_percentage_request_volume 50");
    describe_ejection(s, "time over which failures are counted, and between two judgements");
  }
};

class FailurePercentageEjection final : public EjectionByRates {
 public:
  FailurePercentageEjection(const Params& params, const Place&)
      : EjectionByRates(params), params_(params) {}

 private:
  std::vector<PodId> outliers() const override {
    const std::vector<Rated> pods = rated(params_.volume);
    std::vector<PodId> out;
    if (static_cast<i64>(pods.size()) < params_.hosts) return out;
    for (const Rated& pod : pods)
      if (1 - pod.successes >= params_.failed.value) out.push_back(pod.pod);
    return out;
  }

  const Params& params_;
};

const RegisterMechanism<EndpointFilter, FailurePercentageEjection, Params> registered{
    {"failure_percentage_ejection",
     MitigationSlot::kEjection,
     "a gateway ejects pods most of whose attempts failed",
     "Envoy",
     {Need::kReplicas}}};

}  // namespace failure_percentage_ejection
}  // namespace stampede
