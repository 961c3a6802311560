// A gateway sends nothing to a pod that failed, for a few seconds.
// **State**, **Source** cooldown_rule.h, with the pods of a pool as deployments.
// **Limits** all pods may cool down at once; then the gateway answers 503, as without endpoints. A
// 429 of the region's own rate limit is no answer of a pod.
#include <algorithm>
#include <vector>

#include "models/mitigations/cooldown_rule.h"
#include "models/mitigations/mechanism.h"
#include "models/ports/endpoint_filter_port.h"

namespace stampede {
namespace pod_cooldown {

using Params = CooldownParams<false>;

class PodCooldown final : public EndpointFilter {
 public:
  PodCooldown(const Params& params, const Place&) : params_(params) {}

  void ended(PodId pod, Outcome outcome, Duration, Instant at) override {
    if (!std::binary_search(listed_.begin(), listed_.end(), pod)) return;
    if (!cools_down(params_, pods_[pod], outcome, listed_.size() == 1, at)) return;
    next_ = std::min(next_, pods_[pod].until);
    changed_ = true;
  }
  void filter(Instant now, std::vector<PodId>& pods) override {
    changed_ = false;
    for (const PodId pod : listed_)
      if (!std::binary_search(pods.begin(), pods.end(), pod)) pods_[pod] = {};
    listed_ = pods;
    if (!pods.empty() && pods.back() >= pods_.size()) pods_.resize(pods.back() + 1);
    next_ = kNever;
    for (const PodId pod : pods)
      if (pods_[pod].cools(now)) next_ = std::min(next_, pods_[pod].until);
    std::erase_if(pods, [&](PodId pod) { return pods_[pod].cools(now); });
  }
  bool changed() const override { return changed_; }
  Instant next_change() const override { return next_; }

 private:
  const Params& params_;
  std::vector<Deployment> pods_;  // [pod]
  std::vector<PodId> listed_;     // before it takes any out
  Instant next_ = kNever;
  bool changed_ = false;
};

const RegisterMechanism<EndpointFilter, PodCooldown, Params> registered{
    {"pod_cooldown",
     MitigationSlot::kEjection,
     "a gateway takes a failing pod out for all callers, for a few seconds",
     "LiteLLM",
     {Need::kReplicas}}};

}  // namespace pod_cooldown
}  // namespace stampede
