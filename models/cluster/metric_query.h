// Expressions over what pods export: a part of PromQL. An autoscaler's metric, the query of a KEDA
// trigger and the rules of a metrics adapter come to this.
// Source: Prometheus, querying/basics, operators and functions (2.x). Besides cron(START, END,
// ZONE): 1 from each START to the next END by the clock of ZONE, else 0, as KEDA's cron scaler is
// active. Limits: pods differ in no label but their own name; no subqueries, offset, @, topk or
// label functions.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede::cluster {

enum class Series : u8 {
  kWaiting,
  kRunning,
  kKvUse,
  kGpuUse,
  kCpu,
  kMemory,
  kRequests,
  kPromptTokens,
  kOutputTokens,
  kTtft,
  kQueueTime,
  kRequestTime,
  kCount
};
enum class SeriesKind : u8 { kGauge, kCounter, kHistogram };

// A name that queries may use. A histogram's has the endings _bucket, _sum and _count.
struct SeriesName {
  const char* name;
  Series series;
  double factor;  // on the value in base units (requests, shares, cores, bytes, seconds)
  const char* help;
};
const std::vector<SeriesName>& series_names();
SeriesKind kind_of(Series series);

struct QueryNode {
  enum class Kind : u8 { kNumber, kSeries, kCall, kAggregate, kBinary };
  enum class Part : u8 { kValue, kBucket, kSum, kCount };
  enum class Type : u8 { kScalar, kVector, kRange, kBuckets, kBucketRange };
  Kind kind = Kind::kNumber;
  Type type = Type::kScalar;
  Part part = Part::kValue;
  bool by_pod = false;             // has a value for each pod; an aggregation keeps them apart
  double number = 0;               // kNumber; kAggregate: the quantile
  std::size_t name = 0;            // kSeries: in series_names()
  Duration range{};                // kSeries, of a range
  std::string op;                  // function, aggregation or operator
  std::vector<std::string> texts;  // of the function `cron`: start, end, time zone
  std::vector<QueryNode> children;
};

struct MetricQuery {
  QueryNode root;
  std::string error;  // empty: it can be evaluated
  bool by_pod() const { return root.by_pod; }
};

// What stands for a name that series_names() lacks: an expression in its names; empty with `why`
// set if there is none.
using LabelMatchers = std::map<std::string, std::string>;
using NameResolver = std::function<std::string(const std::string& name, const LabelMatchers& labels,
                                               std::string& why)>;

MetricQuery parse_metric_query(std::string_view text, const NameResolver& resolve = nullptr);
// The same expression in names of series_names().
std::string print_metric_query(const QueryNode& node);

// Calls f(node) for each series in it.
template <class F>
void for_each_series(const QueryNode& node, F&& f) {
  if (node.kind == QueryNode::Kind::kSeries) f(node);
  for (const QueryNode& child : node.children) for_each_series(child, f);
}

}  // namespace stampede::cluster
