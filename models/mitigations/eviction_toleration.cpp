// Pods stay on nodes that are not heard of for a long time.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace eviction_toleration {

struct Params {
  Duration time = 6000_s;
  static void describe(Schema<Params>& s) {
    s.field("time", &Params::time)
        .range(0, 1e5)
        .help("for how long pods stay on a node that is NotReady")
        .source("Kubernetes: taints and tolerations, its example for a network partition");
  }
};

const RegisterOverlay<Params> registered{
    {"eviction_toleration", MitigationSlot::kControlPlane,
     "pods stay on nodes that are not heard of for a long time",
     "Kubernetes: taints and tolerations"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.cluster.node_lifecycle.toleration", print(p.time)}};
    }};

}  // namespace eviction_toleration
}  // namespace stampede
