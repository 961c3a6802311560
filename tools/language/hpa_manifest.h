// Kubernetes manifests of autoscalers as parameters of the autoscaler: HorizontalPodAutoscaler of
// autoscaling/v2, v2beta2, v2beta1 and v1, KEDA's ScaledObject; among others in one file.
// Source: k8s.io/api/autoscaling types.go (v1.33; v2beta1 and v2beta2 of v1.25), defaults of
// pkg/apis/autoscaling, rules of pkg/apis/autoscaling/validation; keda.sh/v1alpha1 (2.17).
// Limits: `metadata` and `status` do not influence scaling; `scaleTargetRef` names no object here;
// selectors of metrics are passed over, since there is one workload.
#pragma once
#include <memory>

#include "tools/language/manifest_reader.h"

namespace stampede {

// A mapping with keys of cluster::AutoscalerParams; what the manifest leaves out is there with the
// API's default.
YamlPtr autoscaler_parameters(const std::shared_ptr<const SourceText>& source,
                              const InclusionKeys& beside, InclusionFindings& found);

// The `spec` of a HorizontalPodAutoscaler of this version, and its annotations in version v1.
void write_hpa(const YamlNode& object, const std::string& version, ManifestReader& reader,
               YamlNode& out);
// The `spec` of a ScaledObject.
void write_scaled_object(const YamlNode& object, ManifestReader& reader, YamlNode& out);

// An entry of `metrics` as it is written; false if nothing is known of that name, which is reported
// at `at`.
struct ReadMetric {
  std::string name, query;
  const char* source = "pods";           // resource, pods, object, external
  const char* target = "average_value";  // utilization, average_value, value
  double value = 0;
  bool zero_if_absent = false;
  double activation = 0;
};
bool find_query(ReadMetric& metric, const YamlNode& at, const std::string& path,
                ManifestReader& reader);
void put_metric(YamlNode& list, const YamlNode& at, const ReadMetric& metric,
                const ManifestReader& reader);

}  // namespace stampede
