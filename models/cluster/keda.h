// KEDA's operator for the workloads that a ScaledObject scales: between nothing (or the idle
// replicas) and one it decides itself, above that the HorizontalPodAutoscaler that it makes.
// State: each poll = triggers asked -> scale read -> (scale written); since when no trigger is
//        active.
// Source: keda pkg/scaling/executor/scale_scaledobjects.go, pkg/scaling/cache (2.17).
// Limits: triggers answer at once; a trigger on CPU or memory never makes an object active, as
// there.
#pragma once
#include <optional>
#include <vector>

#include "models/cluster/autoscaler.h"
#include "models/cluster/metric_query.h"

namespace stampede::cluster {

class Keda final : public Component, public ApiCaller {
 public:
  Keda(const Context& context, ApiServerPort& client, const Autoscalers& autoscalers);
  void start();
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  u64 scalings = 0;

 private:
  struct Trigger {
    std::optional<MetricQuery> query;  // none: nobody answers
    double activation = 0;
    bool zero_if_absent = false;
  };
  struct Object {
    std::vector<Trigger> triggers;  // none: there is nothing to decide
    u32 poll = 0;                   // replies of an earlier one fall through
    Instant last_active{-1};        // none yet
    bool active = false, failed = false;
  };
  void poll(WorkloadId workload);
  std::optional<i32> wanted(WorkloadId workload, i32 current) const;
  void submit(WorkloadId workload, ApiVerb verb, i32 replicas, u32 version);

  Context context_;
  ApiServerPort& client_;
  const Autoscalers& autoscalers_;
  ComponentId component_;
  std::vector<Object> objects_;  // [workload]
};

}  // namespace stampede::cluster
