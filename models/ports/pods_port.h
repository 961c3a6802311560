// The boundary between the cluster (who decides which pods exist and which are routable) and what
// runs inside a pod (serving). The cluster never looks into a replica, only probes and samples it;
// the data plane never sees the cluster's truth, only endpoints that reached it.
#pragma once
#include <vector>

#include "models/ports/pod_exports.h"
#include "models/ports/request.h"

namespace stampede {

using PodId = u32;      // dense within one cluster, never reused in a run
using WorkloadId = u8;  // a deployment: its pool of pods, as in spec.serving.pools
inline constexpr WorkloadId kNoPool = UINT8_MAX;

// Usage of one pod over its last sampling window.
struct PodSample {
  i64 cpu_milli = 0;               // front-end CPU used [millicores]
  i64 waiting_milli = 0;           // requests waiting for their first scheduling x 1000
  IncidentId cause = kNoIncident;  // of the load: the overload, or what brought the traffic here
  i64 memory_bytes = 0;            // of the process, as far as requests make it up
};

// Implemented by serving; called by kubelets.
struct PodRuntime {
  virtual ~PodRuntime() = default;
  // The container's server process is up (image, weights and warm-up are done).
  virtual void pod_started(PodId pod, WorkloadId workload) = 0;
  // The container is told to end; what runs in it may finish within its grace.
  // `cause`: why, if anybody knows; attempts that do not end in time carry it to their clients.
  virtual void pod_stopped(PodId pod, WorkloadId workload, IncidentId cause) = 0;
  // After pod_stopped(): has the old process ended (nothing left to do, or its grace is over)?
  // Until then no other may be started in the pod.
  virtual bool ended(PodId /*pod*/) const { return true; }
  // The process is gone at once and with it what ran in it, because of `cause`.
  virtual void pod_killed(PodId pod, WorkloadId workload, IncidentId cause) = 0;
  // Nothing gets to the pod's host or from there any more, because of `cause`; or it does again.
  virtual void pod_cut_off(PodId pod, IncidentId cause) = 0;
  virtual void pod_reached(PodId pod) = 0;
  // The server process could not start, because of `cause`, and is started again later.
  virtual void pod_kept_down(PodId /*pod*/, WorkloadId /*workload*/, IncidentId /*cause*/) {}
  // The server that has just started was asked for because of `cause`; at the start of the run,
  // once all are there, of none.
  virtual void pool_grew(WorkloadId /*workload*/, IncidentId /*cause*/) {}
  // Would the server process that is about to start in the pod die before it serves? Then the
  // incident that says why.
  virtual IncidentId dies_at_start(PodId /*pod*/, WorkloadId /*workload*/) { return kNoIncident; }
  // What ended what made processes die or their probes fail, as far as it has ended and is known.
  virtual IncidentId what_ended(IncidentId /*trouble*/) const { return kNoIncident; }
  // One readiness probe; false = no answer within the probe's time-out.
  virtual bool probe(PodId pod, WorkloadId workload) = 0;
  virtual PodSample sample(PodId pod, WorkloadId workload) = 0;
  // What its process tells a scrape; false: nobody answers.
  virtual bool export_metrics(PodId /*pod*/, WorkloadId /*workload*/, PodExports& /*exports*/) {
    return false;
  }
  // Somebody will ask for latencies and counts of requests: they are kept from now on.
  virtual void keep_latencies() {}
  // The incident of the overload that a pod suffers from now, or what brought it its traffic, if
  // any: it travels with failed probes.
  virtual IncidentId overload_incident(PodId /*pod*/) { return kNoIncident; }
};

// Implemented by the cluster; called by serving.
struct ProcessWatcher {
  virtual ~ProcessWatcher() = default;
  // The pod's process has died of itself with all that it had: its kubelet sees it.
  virtual void process_died(PodId pod, IncidentId cause) = 0;
};

// Implemented by the data plane (gateway, balancer); called when a new endpoint view reached it.
struct EndpointConsumer {
  virtual ~EndpointConsumer() = default;
  // `routable`: pods in ascending order. `cause`: the incident that led to the change, if any.
  virtual void endpoints_changed(WorkloadId workload, const std::vector<PodId>& routable,
                                 IncidentId cause) = 0;
};

}  // namespace stampede
