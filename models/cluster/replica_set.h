// Deployment and ReplicaSet controllers: turn a committed scale into pods, through API calls.
// State: a workload's sync = idle -> creating in batches 1, 2, 4, ... | deleting -> writing status
//        -> idle; a failure ends it and queues the key again after a doubling delay.
// Source: kubernetes pkg/controller/replicaset/replica_set.go, controller_utils.go (v1.28).
// Limits: one replica set a deployment (no rolling update); both status writes are one chain; how
// long victims were ready is compared exactly, not by powers of two.
#pragma once
#include "models/cluster/context.h"
#include "models/cluster/token_bucket.h"

namespace stampede::cluster {

class EventRecorder;

class ReplicaSetController final : public Component, public ApiCaller {
 public:
  ReplicaSetController(const Context& context, ApiServerPort& client, EventRecorder& events);
  // Informers: the deployment's scale, the replica set's spec, pods.
  void scale_changed(WorkloadId workload, i32 replicas, IncidentId cause);
  void replicas_changed(WorkloadId workload, i32 replicas, IncidentId cause);
  void pod_added(PodId pod);
  void pod_deleted(PodId pod);  // deletion was seen to begin
  void enqueue(WorkloadId workload);

  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;

  void retune_filters();  // of the recorder of its events

 private:
  struct Control {
    bool queued = false, busy = false, dirty = false, deployment_busy = false;
    i32 creates_expected = 0, deletes_expected = 0;  // written, not yet seen
    Instant expectations_set{};
    i32 to_create = 0, batch = 0, outstanding = 0, failed = 0;
    u32 failures = 0, scale_failures = 0;
    i64 written_objects = -1, written_ready = -1;
    IncidentId cause = kNoIncident;
    TokenBucket event_filter;
    EventHandle retry;
  };
  void sync(WorkloadId workload);
  void start_batch(WorkloadId workload);
  void delete_pods(WorkloadId workload, i64 surplus);
  void finish_calls(WorkloadId workload);
  void write_status(WorkloadId workload);
  void end_sync(WorkloadId workload, bool succeeded);
  void write_spec(WorkloadId workload);
  ApiCall call_for(ApiVerb verb, ApiObject object, u32 key, Bytes size, IncidentId cause) const;

  Context context_;
  ApiServerPort& client_;
  EventRecorder& events_;
  ComponentId component_;
  std::vector<Control> controls_;  // [workload]
};

}  // namespace stampede::cluster
