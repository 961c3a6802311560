// So many pods are there at all times that the others can bear the loss of a region.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace static_stability {

struct Params {
  double times = 1.5;
  static void describe(Schema<Params>& s) {
    s.field("times", &Params::times)
        .range(1, 100)
        .help(
            "how many times the nodes and pods there are; N / (N - 1) bears the loss of one of N "
            "equal regions")
        .source("AWS static stability: three zones, 50 % more than the peak needs");
  }
};

const RegisterOverlay<Params> registered{
    {"static_stability", MitigationSlot::kAutoscaler,
     "regions have the pods beforehand that the loss of one would need", "AWS static stability"},
    [](const Params& p) {
      std::vector<Patch> patches;
      for (const char* what :
           {"nodes", "pools[*].replicas", "pools[*].min_replicas", "pools[*].gpu_limit"})
        patches.push_back(so_many_times(std::string("spec.regions[*].") + what, p.times));
      return patches;
    }};

}  // namespace static_stability
}  // namespace stampede
