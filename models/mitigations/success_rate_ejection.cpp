// A gateway keeps attempts from pods whose success rate is far below that of the others.
// **State** by pod: attempts and failures of the running interval; then as in pod_ejection.h.
// **Source** Envoy, outlier detection by success rate, and its defaults: at the end of an interval,
// pods with at least `volume` attempts are compared, if there are at least `hosts` of them; those
// below mean - factor x standard deviation (that of the population) are ejected.
// **Limits** a refused connection and a broken stream count as failures, as in outlier_ejection;
// what a client gave up counts as nothing. In a small pool no pod can be so far below: one of n is
// at most sqrt(n - 1) deviations from the mean.
#include <cmath>

#include "models/mitigations/mechanism.h"
#include "models/mitigations/pod_ejection.h"

namespace stampede {
namespace success_rate_ejection {

struct Params : EjectionParams {
  double factor = 1.9;
  i64 hosts = 5;
  i64 volume = 100;
  static void describe(Schema<Params>& s) {
    s.field("factor", &Params::factor)
        .range(0, 100)
        .help("standard deviations below the mean success rate at which a pod is ejected")
        .source("Envoy: success_rate_stdev_factor 1900");
    s.field("hosts", &Params::hosts)
        .range(1, 1e6)
        .help("pods with enough attempts without which none is judged")
        .source("Envoy: success_rate_minimum_hosts 5");
    s.field("volume", &Params::volume)
        .range(1, 1e9)
        .help("attempts of an interval without which a pod is not judged")
        .source("Envoy: success_rate_request_volume 100");
    describe_ejection(s, "time over which successes are counted, and between two judgements");
  }
};

class SuccessRateEjection final : public EjectionByRates {
 public:
  SuccessRateEjection(const Params& params, const Place&)
      : EjectionByRates(params), params_(params) {}

 private:
  std::vector<PodId> outliers() const override {
    const std::vector<Rated> pods = rated(params_.volume);
    if (pods.empty() || static_cast<i64>(pods.size()) < params_.hosts) return {};
    const auto n = static_cast<double>(pods.size());
    double mean = 0, variance = 0;
    for (const Rated& pod : pods) mean += pod.successes / n;
    for (const Rated& pod : pods) variance += (pod.successes - mean) * (pod.successes - mean) / n;
    const double least = mean - params_.factor * std::sqrt(variance);
    std::vector<PodId> out;
    for (const Rated& pod : pods)
      if (pod.successes < least) out.push_back(pod.pod);
    return out;
  }

  const Params& params_;
};

const RegisterMechanism<EndpointFilter, SuccessRateEjection, Params> registered{
    {"success_rate_ejection",
     MitigationSlot::kEjection,
     "a gateway ejects pods whose success rate is far below the others'",
     "Envoy",
     {Need::kReplicas}}};

}  // namespace success_rate_ejection
}  // namespace stampede
