// The autoscaler grows by a bounded share of the pods a minute.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace hpa_scale_up_limit {

struct Params {
  i64 percent = 10;
  Duration period = 60_s;
  static void describe(Schema<Params>& s) {
    s.field("percent", &Params::percent).range(1, 10000).help("growth in percent in each period");
    s.field("period", &Params::period).range(1, 1800).help("length of the period");
  }
};

const RegisterOverlay<Params> registered{
    {"hpa_scale_up_limit",
     MitigationSlot::kAutoscaler,
     "limits how fast the autoscaler may add replicas",
     "autoscaling/v2: behavior.scaleUp",
     {Need::kAutoscaler}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.cluster.workloads[*].autoscaler.scale_up",
                                 "{policies: [{percent: " + std::to_string(p.percent) +
                                     ", period: " + print(p.period) + "}]}"}};
    }};

}  // namespace hpa_scale_up_limit
}  // namespace stampede
