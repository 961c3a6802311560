// An attempt goes to the pod where it costs least: blocks of prompts still to be computed there
// with its own, times a weight, and blocks in use.
// **State** the view of prefixes; the newest gauges.
// **Source** NVIDIA Dynamo, KV router: cost = overlap weight x prefill blocks + decode blocks, the
// lowest is taken (a temperature of 0); prefill blocks are what is left of the prompt after the
// overlap. Dynamo's router keeps books of what it sent; here the gauges are read afresh by default.
// **Limits** no temperature; see prefix_view.h and pod_scrape.h.
#include <algorithm>

#include "models/mitigations/prompt_router.h"

namespace stampede {
namespace kv_cost {

struct Params {
  PrefixViewParams prefix;
  double overlap_weight = 1;
  Duration scrape_period{};
  static void describe(Schema<Params>& s) {
    s.field("prefix", &Params::prefix).help("what it knows of the pods' caches");
    s.field("overlap_weight", &Params::overlap_weight)
        .range(0, 1000)
        .help("weight of prompt blocks to be computed against blocks in use; 0: load alone")
        .source("NVIDIA Dynamo: --kv-overlap-score-weight, 1");
    s.field("scrape_period", &Params::scrape_period)
        .range(0, 3600)
        .help("time between two looks at queue and KV use; 0: each look is a fresh one")
        .source("NVIDIA Dynamo: the router keeps its own books");
  }
};

class KvCost final : public ScrapingRouter {
 public:
  KvCost(const Params& params, const Place& place)
      : ScrapingRouter(params.prefix, params.scrape_period, place),
        params_(params),
        stream_(place.world.stream(place.path, "kv_cost")) {}

  u32 route(const RoutedPrompt& prompt) override {
    if (pods_.empty()) return kNoPod;
    const u32 pod = pods_[best_place(stream_, prompt.attempt_key,
                                     [&](std::size_t at) { return -cost_of(pods_[at], prompt); })];
    view_.sent(pod, prompt);
    return pod;
  }

 private:
  double cost_of(u32 pod, const RoutedPrompt& prompt) {
    const PodGauges now = scrape_.of(pod);
    const double own = static_cast<double>(prompt.tokens) / kTextBlockTokens;
    const double queued = static_cast<double>(now.queued_tokens) / kTextBlockTokens;
    const double left = std::max(0.0, own - view_.found(pod, prompt));
    return params_.overlap_weight * (left + queued) + now.kv_blocks_used;
  }

  const Params& params_;
  const StreamKey stream_;
};

const RegisterMechanism<ReplicaChoice, KvCost, Params> registered{
    {"kv_cost",
     MitigationSlot::kPick,
     "the pod where a prompt costs the fewest blocks to compute and to hold is picked",
     "NVIDIA Dynamo",
     {Need::kReplicas, Need::kPrefixCaching}}};

}  // namespace kv_cost
}  // namespace stampede
