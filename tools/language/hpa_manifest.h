// A Kubernetes HorizontalPodAutoscaler manifest as parameters of the autoscaler.
// Source: k8s.io/api/autoscaling/v2 types.go (v1.33), defaults of pkg/apis/autoscaling/v2, rules of
// pkg/apis/autoscaling/validation.
// Limits: metrics are one Resource (cpu, Utilization) and one Pods metric (requests that wait, by
// one of the names below, AverageValue); anything else is a fault, not passed over. `metadata` and
// `status` do not influence scaling; `scaleTargetRef` names no object here.
#pragma once
#include <optional>
#include <string>

#include "tools/language/inclusion.h"

namespace stampede {

// A mapping with keys of cluster::AutoscalerParams; what the manifest leaves out is there with the
// API's default.
YamlPtr hpa_parameters(const std::shared_ptr<const SourceText>& source,
                       std::vector<Diagnostic>& faults);

// Names under which servers and adapters export the number of waiting requests.
const std::vector<std::string>& waiting_request_metrics();

// A Kubernetes quantity such as 5, 500m, 1k, 2Ki or 1e3, rounded up to thousandths as the API does;
// nothing for other text.
std::optional<double> parse_quantity(const std::string& text);

}  // namespace stampede
