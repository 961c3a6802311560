// The autoscaler shrinks by a bounded share of the pods a minute, and only by what it has wanted
// for a while.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace hpa_scale_down_limit {

struct Params {
  i64 percent = 10;
  Duration period = 60_s, window = 300_s;
  static void describe(Schema<Params>& s) {
    const char* source = "autoscaling/v2: an example of the documentation";
    s.field("percent", &Params::percent)
        .range(1, 10000)
        .help("pods removed in each period, in percent")
        .source(source);
    s.field("period", &Params::period).range(1, 1800).help("length of the period").source(source);
    s.field("window", &Params::window)
        .range(0, 3600)
        .help("window of recommendations, of which the highest counts")
        .source("autoscaling/v2: its default");
  }
};

const RegisterOverlay<Params> registered{
    {"hpa_scale_down_limit",
     MitigationSlot::kAutoscaler,
     "limits how fast the autoscaler may remove replicas",
     "autoscaling/v2: behavior.scaleDown",
     {Need::kAutoscaler}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.cluster.workloads[*].autoscaler.scale_down",
                                 "{stabilization_window: " + print(p.window) +
                                     ", policies: [{percent: " + std::to_string(p.percent) +
                                     ", period: " + print(p.period) + "}]}"}};
    }};

}  // namespace hpa_scale_down_limit
}  // namespace stampede
