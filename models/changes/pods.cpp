// Harm to the servers' processes.
#include <map>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct OnPods {
  PodTarget target;
  static void describe(Schema<OnPods>& s) {
    s.field("target", &OnPods::target).help("which of the pods that serve");
  }
};

const RegisterAction<OnPods> kill_pods{
    "kill_pods",
    "the servers' processes die with all that they have; kubelets start them again after their "
    "back-off, and weights are loaded anew",
    "", [](const OnPods& p, const Act& act) -> Effect {
      std::map<RegionId, std::vector<PodId>> by_region;
      for (const auto& [region, pod] : pods_in(act.scene, p.target))
        by_region[region].push_back(pod);
      for (const auto& [region, pods] : by_region) act.scene.pods[region]->crash(pods, act.root);
      return {};
    }};

}  // namespace
}  // namespace stampede
