// Prometheus in front of an autoscaler: scrapes what pods export, keeps it as long as a query looks
// back, and answers queries.
// State: for each pod of a workload that is watched, its scrapes in order of time; a pod that does
//        not answer a scrape has no value from then on, though its past still counts in ranges.
// Source: Prometheus: staleness, extrapolated rates (promql/functions.go), histogram_quantile.
// Limits: all targets are scraped at the same time, and every scrape of a serving pod succeeds.
#pragma once
#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "models/cluster/context.h"
#include "models/cluster/metric_query.h"

namespace stampede::cluster {

// The answer to a query: a value for each pod, or one without a pod, or none.
struct MetricValues {
  struct Element {
    PodId pod = UINT32_MAX;  // UINT32_MAX: of an aggregation or a number
    std::vector<double> v;   // one value, or the counts of a histogram's buckets
  };
  std::vector<Element> elements;                // by pod, ascending
  const std::vector<double>* bounds = nullptr;  // of buckets
  double factor = 1;                            // of the bounds
  std::optional<double> of(PodId pod) const;
  // Of all elements, as the external metrics API adds series; nothing if there are none or one is
  // not a number.
  std::optional<double> sum() const;
};

class PodMetrics {
 public:
  explicit PodMetrics(const Context& context);
  // Before the first scrape: what this query needs is kept for this workload.
  void watch(WorkloadId workload, const MetricQuery& query);
  void scrape();
  MetricValues evaluate(WorkloadId workload, const MetricQuery& query) const;

 private:
  static constexpr std::size_t kSeries = static_cast<std::size_t>(Series::kCount);
  struct Scrape {
    Instant at{};
    std::vector<double> v;
  };
  struct History {
    PodId pod = 0;
    bool stale = false;  // the last scrape got no answer
    Instant busy_at{};
    double busy_before = 0;
    std::deque<Scrape> scrapes;
  };
  struct Watched {
    bool on = false;
    Duration longest{};             // range of any query
    std::array<u32, kSeries> at{};  // place of a series in Scrape::v, if it is kept
    std::array<bool, kSeries> kept{};
    u32 width = 0;
    std::vector<History> pods;
  };
  void scrape_pod(Watched& watched, History& history, WorkloadId workload);
  MetricValues eval(const Watched& w, const QueryNode& node) const;
  MetricValues series(const Watched& w, const QueryNode& node) const;
  MetricValues over_range(const Watched& w, const QueryNode& call) const;
  // Part of a series in a scrape: one value, or buckets.
  static std::vector<double> part_of(const Watched& w, const QueryNode& node, const Scrape& scrape);

  i64 utc() const {  // [s since 1970]
    return context_.world.calendar_start + context_.world.now().ns / 1'000'000'000;
  }

  Context context_;
  std::vector<Watched> watched_;  // [workload]
};

}  // namespace stampede::cluster
