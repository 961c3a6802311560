// An attempt goes to the pod with the least load, as the last scrape has it: waiting requests count
// several times as much as running ones.
// **State** the samples; by pod the attempts sent since the newest one.
// **Source** vLLM: the balancer of data-parallel ranks (v1/engine/core_client.py): 4 x waiting +
// running, published every 100 ms; what it sends itself counts as waiting until then. Gateways that
// scrape do not count it: all attempts between two scrapes go to the same pod (herding).
// **Limits** one gateway; see pod_scrape.h.
#include "models/mitigations/mechanism.h"
#include "models/mitigations/pod_scrape.h"

namespace stampede {
namespace scraped_load {

struct Params {
  Duration period = 100_ms;
  double waiting_weight = 4;
  bool count_sent = true;
  static void describe(Schema<Params>& s) {
    s.field("period", &Params::period)
        .range(0, 3600)
        .help("time between two scrapes; 0: each look is a fresh one")
        .source("vLLM: 100 ms between its ranks; GIE: 50 ms; vLLM production-stack: 30 s");
    s.field("waiting_weight", &Params::waiting_weight)
        .range(0, 1000)
        .help("what a waiting request counts; a running one counts 1")
        .source("vLLM: v1/engine/core_client.py, 4 x waiting + running");
    s.field("count_sent", &Params::count_sent)
        .help("whether attempts sent since the last scrape count as waiting")
        .source("vLLM: v1/engine/core_client.py counts them; GIE does not");
  }
};

class ScrapedLoad final : public ReplicaChoice {
 public:
  ScrapedLoad(const Params& params, const Place& place)
      : params_(params),
        scrape_(params.period, place),
        stream_(place.world.stream(place.path, "scraped_load")) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    pods_ = pods;
    scrape_.set_endpoints(pods);
    if (!pods.empty() && pods.back() >= sent_.size()) sent_.resize(pods.back() + 1);
  }

  u32 pick(u64, u64 attempt_key) override {
    if (pods_.empty()) return kNoPod;
    if (scrape_.scrapes() != counted_ || params_.period.ns == 0) sent_.assign(sent_.size(), 0);
    counted_ = scrape_.scrapes();
    // Starts anywhere, so that ties fall evenly.
    std::size_t i = static_cast<std::size_t>(uniform(draw(stream_, attempt_key)) *
                                             static_cast<double>(pods_.size()));
    u32 best = kNoPod;
    double least = 0;
    for (std::size_t seen = 0; seen < pods_.size(); ++seen, ++i) {
      const u32 pod = pods_[i % pods_.size()];
      const PodGauges now = scrape_.of(pod);
      const double load = params_.waiting_weight * (now.waiting + sent_[pod]) + now.running;
      if (best == kNoPod || load < least) {
        best = pod;
        least = load;
      }
    }
    if (params_.count_sent) ++sent_[best];
    return best;
  }

 private:
  const Params& params_;
  PodScrape scrape_;
  const StreamKey stream_;
  std::vector<u32> pods_;
  std::vector<u32> sent_;  // [pod] since the scrape `counted_`
  u32 counted_ = 0;
};

const RegisterMechanism<ReplicaChoice, ScrapedLoad, Params> registered{
    {"scraped_load",
     MitigationSlot::kPick,
     "the pod with the least load at the last scrape is picked",
     "vLLM; GIE",
     {Need::kReplicas}}};

}  // namespace scraped_load
}  // namespace stampede
