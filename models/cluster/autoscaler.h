// The HorizontalPodAutoscaler controller of a cluster and the metrics server that feeds it.
// State: a pass = waiting -> reading the scale -> listing metrics, one call each -> (writing the
//        scale) -> writing its own status -> waiting a fixed sync period; a failed call ends or
//        narrows the pass as in the controller.
// Source: kubernetes pkg/controller/podautoscaler/horizontal.go; arithmetic in hpa_algorithm.h.
// Limits: kubelets sample CPU, memory and (for `waiting_requests`) the line at their probe tick,
// the metrics server copies at its own period; what `metrics` query is scraped from the pods at the
// same period (pod_metrics.h).
#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "models/cluster/context.h"
#include "models/cluster/hpa_algorithm.h"

namespace stampede::cluster {

class EventRecorder;
class PodMetrics;

hpa::Spec spec_of(const AutoscalerParams& params);
hpa::Flags flags_of(const AutoscalerParams& params);

class Autoscalers final : public Component, public ApiCaller {
 public:
  Autoscalers(const Context& context, ApiServerPort& client, EventRecorder& events);
  ~Autoscalers() override;
  void start();
  // Operator's decision. A stopped autoscaler leaves the scale as it is; a restarted one has
  // forgotten its recommendations.
  void set_enabled(WorkloadId workload, bool enabled);
  // Operator's decision: other bounds; what it recommended before is forgotten.
  void bound(WorkloadId workload, i32 min_replicas, i32 max_replicas);
  // Its parameters are others: from its next pass on. `enabled` counts at once.
  void retuned(WorkloadId workload, std::string_view key);
  bool enabled(WorkloadId workload) const { return scalers_[workload].enabled; }
  // The scale that the last pass wanted; -1 before the first.
  i32 wanted(WorkloadId workload) const { return scalers_[workload].want; }

  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  const PodMetrics& metrics() const;
  u64 passes = 0, scalings = 0, held = 0;

 private:
  struct Source;   // where the readings of one metric of the algorithm come from
  struct Sources;  // all of them, and what they are read from
  struct Scaler {
    std::optional<hpa::Autoscaler> algorithm;
    bool enabled = false, respec = false;
    u32 pass = 0;                     // replies of a pass that was given up fall through
    u32 metric = 0;                   // being listed
    u32 scale_version = kAnyVersion;  // of the scale that this pass has read
    hpa::Observation seen;
    std::vector<PodId> ids;  // of seen.pods
    i32 want = -1, from = 0;
    bool beyond = false;  // asks for more than the GPUs can hold
    IncidentId incident = kNoIncident;
  };
  void respec(WorkloadId workload);
  void scrape();
  void begin(WorkloadId workload);
  void list(WorkloadId workload);
  void list_pods(WorkloadId workload);
  void read_metric(WorkloadId workload, bool available);
  void read_samples(WorkloadId workload, const Source& source, hpa::MetricReading& reading) const;
  void read_query(WorkloadId workload, const Source& source, const hpa::MetricSpec& spec,
                  hpa::MetricReading& reading) const;
  void fall_back(WorkloadId workload, Source& source, const hpa::MetricSpec& spec,
                 hpa::MetricReading& reading) const;
  void decide(WorkloadId workload);
  IncidentId cause_of_load(const Workload& workload) const;
  void note_request(WorkloadId workload, i32 want);
  void write_status(WorkloadId workload);
  void end(WorkloadId workload);
  void submit(WorkloadId workload, ApiVerb verb, ApiObject object, const ApiValue& value,
              u64 reply);

  Context context_;
  ApiServerPort& client_;
  EventRecorder& events_;
  ComponentId component_;
  std::unique_ptr<Sources> sources_;
  std::vector<Scaler> scalers_;  // [workload]
};

}  // namespace stampede::cluster
