// kube-scheduler: one loop that places pods on nodes with free GPUs and binds them through the API.
// State: a pod = active queue -> in the loop -> assumed and binding -> bound
//        | unschedulable (parked until GPUs are freed or the flush, then backoff) -> active queue.
// Source: kubernetes pkg/scheduler (scheduling_queue.go, schedule_one.go); scheduler_perf.
// Limits: one resource, GPUs; the emptiest node wins, ties by index; no pod priorities or
// preemption.
#pragma once
#include <deque>

#include "models/cluster/context.h"

namespace stampede::cluster {

class EventRecorder;

class PodScheduler final : public Component, public ApiCaller {
 public:
  PodScheduler(const Context& context, ApiServerPort& client, EventRecorder& events);
  void pod_added(PodId pod);               // informer: an unbound pod
  void gpus_freed();                       // informer: a pod left, a node came back
  NodeId pick(WorkloadId workload) const;  // emptiest node with room, or kNoNode
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  std::size_t queued() const { return active_.size(); }
  std::size_t parked() const { return parked_.size(); }

 private:
  void next();
  void attempt(PodId pod);
  void park(PodId pod);
  void wake();

  bool waiting(PodId pod) const;

  Context context_;
  ApiServerPort& client_;
  EventRecorder& events_;
  ComponentId component_;
  std::deque<PodId> active_, parked_;
  bool busy_ = false, wake_wanted_ = false, wake_pending_ = false, flush_pending_ = false;
};

}  // namespace stampede::cluster
