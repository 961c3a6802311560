// What routers have in common that read prompts: the endpoints, what is known of their caches, and
// for some the gauges that they publish.
#pragma once
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/mitigations/pod_scrape.h"
#include "models/mitigations/prefix_view.h"

namespace stampede {

class PromptRouter : public ReplicaChoice {
 public:
  void set_endpoints(const std::vector<u32>& pods) override {
    pods_ = pods;
    view_.set_endpoints(pods);
  }
  bool reads_prompts() const final { return true; }
  u32 pick(u64 session_key, u64 attempt_key) final {
    const std::vector<TextRun> nothing;
    return route({session_key, attempt_key, 0, nothing});
  }

 protected:
  PromptRouter(const PrefixViewParams& prefix, const Place& place) : view_(prefix, place) {}

  PrefixView view_;
  std::vector<u32> pods_;
};

// One that also scrapes gauges.
class ScrapingRouter : public PromptRouter {
 public:
  void set_endpoints(const std::vector<u32>& pods) override {
    PromptRouter::set_endpoints(pods);
    scrape_.set_endpoints(pods);
  }

 protected:
  ScrapingRouter(const PrefixViewParams& prefix, Duration scrape_period, const Place& place)
      : PromptRouter(prefix, place), scrape_(scrape_period, place) {}

  // The place among the endpoints, of which there are some, where `score` is highest. Begins
  // anywhere, so that ties fall evenly.
  template <class Score>
  std::size_t best_place(StreamKey stream, u64 attempt_key, Score&& score) const {
    const auto first = static_cast<std::size_t>(uniform(draw(stream, attempt_key)) *
                                                static_cast<double>(pods_.size()));
    std::size_t best = first;
    double highest = score(first);
    for (std::size_t seen = 1; seen < pods_.size(); ++seen) {
      const std::size_t at = (first + seen) % pods_.size();
      const double its = score(at);
      if (its <= highest) continue;
      best = at;
      highest = its;
    }
    return best;
  }

  PodScrape scrape_;
};

}  // namespace stampede
