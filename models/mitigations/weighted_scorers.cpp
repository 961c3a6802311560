// An attempt goes to the pod with the highest weighted sum of three scores between 0 and 1: of its
// prompt found there, of a short queue, of free KV memory.
// **State** the view of prefixes and the newest scrape.
// **Source** llm-d's inference scheduler on the Gateway API inference extension:
// prefix-cache-scorer, queue-scorer (the shortest queue scores 1, the longest 0),
// kv-cache-utilization-scorer (1 - use), max-score-picker with random ties; metrics are refreshed
// every 50 ms.
// **Limits** see prefix_view.h and pod_scrape.h.
#include <algorithm>

#include "models/mitigations/prompt_router.h"

namespace stampede {
namespace weighted_scorers {

struct Params {
  PrefixViewParams prefix;
  double prefix_weight = 3, queue_weight = 2, kv_weight = 2;
  Duration scrape_period = 50_ms;
  static void describe(Schema<Params>& s) {
    s.field("prefix", &Params::prefix).help("what it knows of the pods' caches");
    s.field("prefix_weight", &Params::prefix_weight)
        .range(0, 1000)
        .help("weight of the share of the prompt that a pod holds")
        .source("llm-d: prefix-cache-scorer, 3");
    s.field("queue_weight", &Params::queue_weight)
        .range(0, 1000)
        .help("weight of a short queue: 1 for the shortest, 0 for the longest")
        .source("llm-d: queue-scorer, 2");
    s.field("kv_weight", &Params::kv_weight)
        .range(0, 1000)
        .help("weight of the share of KV memory that no request uses")
        .source("llm-d: kv-cache-utilization-scorer, 2");
    s.field("scrape_period", &Params::scrape_period)
        .range(0, 3600)
        .help("time between two scrapes; 0: each look is a fresh one")
        .source("GIE: metrics are refreshed every 50 ms");
  }
};

class WeightedScorers final : public ScrapingRouter {
 public:
  WeightedScorers(const Params& params, const Place& place)
      : ScrapingRouter(params.prefix, params.scrape_period, place),
        params_(params),
        stream_(place.world.stream(place.path, "weighted_scorers")) {}

  u32 route(const RoutedPrompt& prompt) override {
    if (pods_.empty()) return kNoPod;
    gauges_.clear();
    for (const u32 pod : pods_) gauges_.push_back(scrape_.of(pod));
    const auto [least, most] = std::minmax_element(
        gauges_.begin(), gauges_.end(),
        [](const PodGauges& a, const PodGauges& b) { return a.waiting < b.waiting; });
    const u32 longest = most->waiting;
    const double spread = longest - least->waiting;
    const u32 pod = pods_[best_place(stream_, prompt.attempt_key, [&](std::size_t at) {
      return score_of(at, prompt, longest, spread);
    })];
    view_.sent(pod, prompt);
    return pod;
  }

 private:
  double score_of(std::size_t k, const RoutedPrompt& prompt, u32 longest, double spread) {
    const double blocks = std::max(1.0, static_cast<double>(prompt.tokens / kTextBlockTokens));
    const PodGauges& g = gauges_[k];
    const double queue = spread == 0 ? 1 : (longest - g.waiting) / spread;
    const double free =
        g.kv_blocks == 0 ? 1 : 1 - g.kv_blocks_used / static_cast<double>(g.kv_blocks);
    return params_.prefix_weight * (view_.found(pods_[k], prompt) / blocks) +
           params_.queue_weight * queue + params_.kv_weight * free;
  }

  const Params& params_;
  const StreamKey stream_;
  std::vector<PodGauges> gauges_;  // [place among pods_]
};

const RegisterMechanism<ReplicaChoice, WeightedScorers, Params> registered{
    {"weighted_scorers",
     MitigationSlot::kPick,
     "the pod with the best sum of prefix, queue and KV scores is picked",
     "llm-d; GIE",
     {Need::kReplicas, Need::kPrefixCaching}}};

}  // namespace weighted_scorers
}  // namespace stampede
