#include "tools/world/autoscaler_consistency.h"

#include <fmt/format.h>

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

}  // namespace

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
