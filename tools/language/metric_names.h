// The names under which dashboards, adapters and charts know what pods export, as expressions in
// the names of models/cluster/metric_query.h.
// Source: metrics of vLLM (v1/metrics), SGLang, text-generation-inference, Triton with
// TensorRT-LLM, the gateway API's inference extension, DCGM; naming of prometheus-adapter, of
// Google's adapters for managed Prometheus and of KEDA. The table stands in
// docs/models/autoscaler.md.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace stampede {

// What a scenario says of further names: an expression, or `unreadable`.
using MetricNames = std::map<std::string, std::string>;

struct NamedMetric {
  std::string query;  // empty: not known
  std::string note;   // what had to be assumed; empty: nothing
};

// A metric that an autoscaler reads by its name. `by_pod`: it wants a value for each pod.
NamedMetric named_metric(const std::string& name, bool by_pod, const MetricNames& more);

struct DashboardQuery {
  std::string text;     // the same in the names of metric_query.h
  std::string error;    // empty: it can be evaluated
  bool by_pod = false;  // has a value for each pod
};
// The query of a KEDA trigger, or an expression of `metric_names`.
DashboardQuery dashboard_query(const std::string& text, const MetricNames& more);
// A formula over queries that have names.
DashboardQuery formula_query(const std::string& text, const MetricNames& queries);

// For messages: how to go on with a name that is not known.
std::string way_out(const std::string& name);

// The table of names, for the documentation: what they stand for and the names.
struct KnownName {
  const char* name;        // in lower case, with _ for : . - and /
  const char* stands_for;  // in series_names(); a histogram without its ending
};
const std::vector<KnownName>& known_metric_names();

}  // namespace stampede
