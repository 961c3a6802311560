// An attempt goes to the pod with the highest score: the share of its prompt that the pod holds,
// less a weight times the pod's load relative to the mean.
// **State** the view of prefixes; by pod the prompt tokens sent and not worked off yet.
// **Source** the rule whose hits tests/oracle/route_models.h counts without any timing; scores of
// this form are llm-d's and SGLang's (cache-aware until the load is unequal). With a weight of 0 it
// is pure affinity: all prompts that begin alike go to one pod.
// **Limits** the gateway's own estimate knows nothing of what other gateways send.
#include <algorithm>

#include "models/mitigations/prompt_router.h"

namespace stampede {
namespace prefix_less_load {

enum class LoadSignal : u8 {
  kEstimate,  // prompt tokens that it sent and a pod has not computed yet, by a rate
  kRequests,  // attempts in flight
  kScraped    // waiting x 4 + running at the last scrape
};

struct Params {
  PrefixViewParams prefix;
  double load_weight = 0.05;
  LoadSignal load = LoadSignal::kEstimate;
  double prefill_rate = 9000;
  Duration scrape_period = 50_ms;
  static void describe(Schema<Params>& s) {
    s.field("prefix", &Params::prefix).help("what it knows of the pods' caches");
    s.field("load_weight", &Params::load_weight)
        .range(0, 1000)
        .help(
            "what a load of twice the mean takes off the score, where the whole prompt found adds "
            "1; 0: pure affinity");
    s.field("load", &Params::load)
        .help(
            "estimate: prompt tokens that it sent there, less what the pod works off meanwhile; "
            "requests: attempts in flight; scraped: 4 x waiting + running at the last scrape");
    s.field("prefill_rate", &Params::prefill_rate)
        .range(1, 1e9)
        .help("estimate: prompt tokens a second that a pod works off");
    s.field("scrape_period", &Params::scrape_period)
        .range(0, 3600)
        .help("scraped: time between two scrapes; 0: each look is a fresh one")
        .source("GIE: metrics are refreshed every 50 ms");
  }
};

class PrefixLessLoad final : public ScrapingRouter {
 public:
  PrefixLessLoad(const Params& params, const Place& place)
      : ScrapingRouter(params.prefix,
                       params.load == LoadSignal::kScraped ? params.scrape_period : Duration{},
                       place),
        params_(params),
        world_(place.world),
        active_(place.active) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    ScrapingRouter::set_endpoints(pods);
    if (!pods.empty() && pods.back() >= backlog_.size()) backlog_.resize(pods.back() + 1);
    found_.resize(pods.size());
    load_.resize(pods.size());
  }

  u32 route(const RoutedPrompt& prompt) override {
    if (pods_.empty()) return kNoPod;
    work_off();
    double mean = 0;
    for (std::size_t i = 0; i < pods_.size(); ++i) {
      found_[i] = view_.found(pods_[i], prompt);
      load_[i] = load_of(pods_[i]);
      mean += load_[i] / static_cast<double>(pods_.size());
    }
    const double tokens = std::max(1.0, static_cast<double>(prompt.tokens));
    std::size_t best = 0;
    double highest = 0;
    for (std::size_t i = 0; i < pods_.size(); ++i) {
      const double score = found_[i] * static_cast<double>(kTextBlockTokens) / tokens -
                           params_.load_weight * (load_[i] - mean) / std::max(1.0, mean);
      if (i > 0 && (score < highest || (score == highest && load_[i] >= load_[best]))) continue;
      best = i;
      highest = score;
    }
    const u32 pod = pods_[best];
    backlog_[pod] +=
        tokens - std::min(tokens, found_[best] * static_cast<double>(kTextBlockTokens));
    view_.sent(pod, prompt);
    return pod;
  }

 private:
  double load_of(u32 pod) {
    switch (params_.load) {
      case LoadSignal::kEstimate:
        return backlog_[pod];
      case LoadSignal::kRequests:
        return active_.of(pod);
      case LoadSignal::kScraped: {
        const PodGauges now = scrape_.of(pod);
        return 4.0 * now.waiting + now.running;
      }
    }
    return 0;
  }

  void work_off() {
    const double done = (world_.now() - worked_at_).seconds() * params_.prefill_rate;
    worked_at_ = world_.now();
    for (double& tokens : backlog_) tokens = std::max(0.0, tokens - done);
  }

  const Params& params_;
  const World& world_;
  const ActiveCounts& active_;
  std::vector<double> backlog_;  // [pod] prompt tokens
  Instant worked_at_{};
  std::vector<u32> found_;    // [place among pods_] blocks
  std::vector<double> load_;  // [place among pods_]
};

const RegisterMechanism<ReplicaChoice, PrefixLessLoad, Params> registered{
    {"prefix_less_load",
     MitigationSlot::kPick,
     "the pod that holds most of a prompt is picked, less its relative load",
     "llm-d; SGLang: cache-aware routing",
     {Need::kReplicas, Need::kPrefixCaching}}};

}  // namespace prefix_less_load
}  // namespace stampede
