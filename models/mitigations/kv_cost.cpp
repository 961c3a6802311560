// An attempt goes to the pod where it costs least: blocks of prompts still to be computed there
// with its own, times a weight, and blocks in use.
// **State** the view of prefixes; the newest gauges.
// **Source** NVIDIA Dynamo, KV router: cost = overlap weight x prefill blocks + decode blocks, the
// lowest is taken (a temperature of 0); prefill blocks are what is left of the prompt after the
// overlap. Dynamo's router keeps books of what it sent; here the gauges are read afresh by default.
// **Limits** no temperature; see prefix_view.h and pod_scrape.h.
#include <algorithm>

#include "models/mitigations/mechanism.h"
#include "models/mitigations/pod_scrape.h"
#include "models/mitigations/prefix_view.h"

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

class KvCost final : public ReplicaChoice {
 public:
  KvCost(const Params& params, const Place& place)
      : params_(params),
        view_(params.prefix, place),
        scrape_(params.scrape_period, place),
        stream_(place.world.stream(place.path, "kv_cost")) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    pods_ = pods;
    view_.set_endpoints(pods);
    scrape_.set_endpoints(pods);
  }
  bool reads_prompts() const override { return true; }
  u32 pick(u64 session_key, u64 attempt_key) override {
    const std::vector<TextRun> nothing;
    return route({session_key, attempt_key, 0, nothing});
  }

  u32 route(const RoutedPrompt& prompt) override {
    if (pods_.empty()) return kNoPod;
    // Starts anywhere, so that ties fall evenly.
    const auto first = static_cast<std::size_t>(uniform(draw(stream_, prompt.attempt_key)) *
                                                static_cast<double>(pods_.size()));
    u32 best = kNoPod;
    double least = 0;
    for (std::size_t seen = 0; seen < pods_.size(); ++seen) {
      const u32 pod = pods_[(first + seen) % pods_.size()];
      const double cost = cost_of(pod, prompt);
      if (best != kNoPod && cost >= least) continue;
      best = pod;
      least = cost;
    }
    view_.sent(best, prompt);
    return best;
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
  PrefixView view_;
  PodScrape scrape_;
  const StreamKey stream_;
  std::vector<u32> pods_;
};

const RegisterMechanism<ReplicaChoice, KvCost, Params> registered{
    "kv_cost", "the pod where a prompt costs the fewest blocks to compute and to hold is picked",
    "NVIDIA Dynamo"};

}  // namespace kv_cost
}  // namespace stampede
