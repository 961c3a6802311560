// An attempt goes to the pod that holds most of its prompt, unless that is little or the pods'
// loads differ much.
// **State** the view of prefixes.
// **Source** SGLang's router, policy cache_aware, and its defaults: if the loads differ by more
// than both thresholds, the pod with the fewest attempts in flight; else the pod with the longest
// match, if that is more than `cache_threshold` of the prompt; else the pod that knows the least.
// **Limits** the router's tree is of characters, here of what engines share; "knows the least" is
// the fewest attempts in flight here, as the view tells no sizes.
#include "models/mitigations/prompt_router.h"

namespace stampede {
namespace cache_aware {

struct Params {
  PrefixViewParams prefix{.index = PrefixSource::kApproximate};
  Share cache_threshold{0.3};
  i64 balance_abs = 64;
  double balance_rel = 1.5;
  static void describe(Schema<Params>& s) {
    s.field("prefix", &Params::prefix).help("what it knows of the pods' caches");
    s.field("cache_threshold", &Params::cache_threshold)
        .range(0, 1)
        .help("share of the prompt that must be found for the pod to be picked by it")
        .source("SGLang: cache_threshold 0.3");
    s.field("balance_abs", &Params::balance_abs)
        .range(0, 1e9)
        .help("attempts by which the busiest pod must exceed the idlest for load alone to decide")
        .source("SGLang: balance_abs_threshold 64");
    s.field("balance_rel", &Params::balance_rel)
        .range(1, 1e6)
        .help("and the factor by which")
        .source("SGLang: balance_rel_threshold 1.5");
  }
};

class CacheAware final : public PromptRouter {
 public:
  CacheAware(const Params& params, const Place& place)
      : PromptRouter(params.prefix, place), params_(params), active_(place.active) {}

  u32 route(const RoutedPrompt& prompt) override {
    if (pods_.empty()) return kNoPod;
    u32 idlest = pods_.front(), most = 0, best = pods_.front(), found = 0;
    for (const u32 pod : pods_) {
      if (active_.of(pod) < active_.of(idlest)) idlest = pod;
      most = std::max(most, active_.of(pod));
      const u32 here = view_.found(pod, prompt);
      if (here <= found) continue;
      found = here;
      best = pod;
    }
    const u32 pod = unequal(active_.of(idlest), most) || !enough(found, prompt) ? idlest : best;
    view_.sent(pod, prompt);
    return pod;
  }

 private:
  bool unequal(u32 least, u32 most) const {
    return most - least > params_.balance_abs &&
           static_cast<double>(most) > params_.balance_rel * static_cast<double>(least);
  }
  bool enough(u32 blocks, const RoutedPrompt& prompt) const {
    return blocks * static_cast<double>(kTextBlockTokens) >
           params_.cache_threshold.value * static_cast<double>(prompt.tokens);
  }

  const Params& params_;
  const ActiveCounts& active_;
};

const RegisterMechanism<ReplicaChoice, CacheAware, Params> registered{
    {"cache_aware",
     MitigationSlot::kPick,
     "the pod that holds most of a prompt is picked, unless loads differ much",
     "SGLang: cache-aware routing",
     {Need::kReplicas, Need::kPrefixCaching}}};

}  // namespace cache_aware
}  // namespace stampede
