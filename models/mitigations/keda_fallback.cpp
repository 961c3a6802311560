// An autoscaler that cannot read its metrics leaves the number of replicas as it is.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace keda_fallback {

struct Params {
  i64 failures = 3;
  static void describe(Schema<Params>& s) {
    s.field("failures", &Params::failures)
        .range(1, 1e6)
        .help("readings in a row that must fail")
        .source("KEDA: failureThreshold of 3 in its example");
  }
};

const RegisterOverlay<Params> registered{
    {"keda_fallback",
     MitigationSlot::kAutoscaler,
     "an autoscaler without metrics keeps the replicas that there are",
     "KEDA: fallback with behavior currentReplicas; AWS static stability",
     {Need::kAutoscaler}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.cluster.workloads[*].autoscaler.keda",
                                 "{min_replicas: 1, fallback: current, fallback_failures: " +
                                     std::to_string(p.failures) + "}"}};
    }};

}  // namespace keda_fallback
}  // namespace stampede
