#include "tools/world/autoscaler_consistency.h"

#include <fmt/format.h>

#include <optional>

#include "models/cluster/metric_query.h"

namespace stampede {
namespace {

// What is wrong with a metric; empty: nothing.
std::pair<std::string, std::string> fault_of(const cluster::MetricParams& metric) {
  const bool resource = metric.source == MetricSource::kResource;
  const bool whole =
      metric.source == MetricSource::kObject || metric.source == MetricSource::kExternal;
  if (metric.value <= 0) return {".value", "must be above 0"};
  if (metric.target == MetricTarget::kUtilization && !resource)
    return {".target", "only a resource has a utilization"};
  if (metric.target == MetricTarget::kValue && !whole)
    return {".target", "only an object or external metric has a value for all pods together"};
  if (metric.query == cluster::kUnreadable) return {};
  if (resource)
    return metric.query == "cpu" || metric.query == "memory"
               ? std::pair<std::string, std::string>{}
               : std::pair<std::string, std::string>{".query", "of a resource: cpu or memory"};
  const cluster::MetricQuery query = cluster::parse_metric_query(metric.query);
  if (!query.error.empty()) return {".query", query.error};
  if (!whole && !query.by_pod()) return {".query", "a pods metric wants a value for each pod"};
  return {};
}

// What a share that pods export is at most (1, or 100 in percent) as it stands in this expression;
// nothing where the expression can be more.
std::optional<double> most_of(const cluster::QueryNode& node, bool in_all) {
  using Kind = cluster::QueryNode::Kind;
  if (node.kind == Kind::kSeries) {
    const cluster::SeriesName& name = cluster::series_names()[node.name];
    const bool share =
        name.series == cluster::Series::kKvUse || name.series == cluster::Series::kGpuUse;
    return share ? std::optional(name.factor) : std::nullopt;
  }
  const bool keeps =
      node.kind == Kind::kAggregate
          ? node.op != "count" && (node.op != "sum" || node.by_pod || !in_all)
          : node.kind == Kind::kCall && (node.op == "avg_over_time" || node.op == "max_over_time" ||
                                         node.op == "min_over_time" || node.op == "last_over_time");
  return keeps ? most_of(node.children[0], in_all) : std::nullopt;
}

// A target that the metric cannot come to, or comes to at once.
std::string doubt_of(const cluster::MetricParams& metric) {
  if (metric.source == MetricSource::kResource || metric.query == cluster::kUnreadable) return "";
  const cluster::MetricQuery query = cluster::parse_metric_query(metric.query);
  if (!query.error.empty()) return "";
  const auto most = most_of(query.root, metric.target == MetricTarget::kValue);
  if (most && metric.value > *most)
    return fmt::format(
        "{} is at most {:g}, so that a target of {:g} never asks for more replicas{}", metric.query,
        *most, metric.value,
        *most == 1 && metric.value <= 100
            ? fmt::format("; {:g} is as many percent", metric.value / 100)
            : "");
  if (most && *most > 1 && metric.value <= 1)
    return fmt::format("{} goes from 0 to {:g}, so that a target of {:g} is {:g} percent",
                       metric.query, *most, metric.value, metric.value);
  return "";
}

}  // namespace

void doubts_of_autoscalers(std::vector<Finding>& out, const std::string& path,
                           const ClusterParams& cluster) {
  for (std::size_t w = 0; w < cluster.workloads.size(); ++w) {
    const auto& scaler = cluster.workloads[w].autoscaler;
    for (std::size_t m = 0; scaler && m < scaler->metrics.size(); ++m)
      if (const std::string doubt = doubt_of(scaler->metrics[m]); !doubt.empty())
        out.push_back(
            {fmt::format("{}.workloads[{}].autoscaler.metrics[{}].value", path, w, m), doubt});
  }
}

void autoscaler_metrics(std::vector<Finding>& out, const std::string& path,
                        const ClusterParams& cluster) {
  for (std::size_t w = 0; w < cluster.workloads.size(); ++w) {
    const auto& scaler = cluster.workloads[w].autoscaler;
    if (!scaler) continue;
    for (std::size_t m = 0; m < scaler->metrics.size(); ++m)
      if (const auto [key, message] = fault_of(scaler->metrics[m]); !message.empty())
        out.push_back(
            {fmt::format("{}.workloads[{}].autoscaler.metrics[{}]{}", path, w, m, key), message});
  }
}

}  // namespace stampede
