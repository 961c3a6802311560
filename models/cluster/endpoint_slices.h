// The EndpointSlice controller and the data plane's view that its slices reach.
// State: a service = clean -> dirty (changes collected for the batch period) -> writing its dirty
//        slices one by one -> clean | failed: again after 1 s, doubling to 1000 s, or at the next
//        change. A write is based on the version known; one that timed out and took effect makes
//        the next a conflict, after which only what differs from what stands there is written.
//        The view = what the last slices seen say; it stays when nothing arrives.
// Source: kubernetes pkg/controller/endpointslice, kube-proxy's bounded frequency runner.
// Limits: one service a workload; pods keep their slice for life; slices are never merged.
#pragma once
#include <deque>

#include "models/cluster/context.h"

namespace stampede::cluster {

class EndpointSlices final : public Component, public ApiCaller, public ApiWatcher {
 public:
  // `view`: where the slices' watch events arrive (after the data plane's lag).
  EndpointSlices(const Context& context, ApiServerPort& client);
  void add_consumer(EndpointConsumer* consumer) { consumers_.push_back(consumer); }
  void adopt(PodId pod);                          // warm start: listed, committed and seen
  void publish_adopted();                         // tells consumers of all adopted pods
  void pod_changed(PodId pod, IncidentId cause);  // informer: readiness, deletion or end changed

  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  void api_changed(const ApiChange& change) override;  // a slice, as the data plane's watch has it

  // Incident that keeps slices of this workload unwritten; none if the last write succeeded.
  IncidentId blocked_by(WorkloadId workload) const { return services_[workload].failed_by; }
  const std::vector<PodId>& routable(WorkloadId workload) const {
    return services_[workload].routable;
  }
  u64 writes = 0, writes_failed = 0, publications = 0;

 private:
  struct Revision {
    u64 version;
    std::vector<PodId> ready;
  };
  struct Slice {
    std::vector<PodId> members;
    bool dirty = false, due = false;  // changed; in the pass under way
    bool conflicted = false;          // the last write met another version
    u32 version = 0;                  // as the controller knows it, from answers and its watch
    std::deque<Revision> sent;        // written or being written, not yet seen
    std::vector<PodId> seen;          // by the data plane
  };
  struct Service {
    std::vector<Slice> slices;
    bool scheduled = false, busy = false, again = false;
    u32 failures = 0;
    IncidentId cause = kNoIncident, failed_by = kNoIncident;
    EventHandle retry;
    std::vector<PodId> routable;  // the view
    bool view_scheduled = false;
    Instant published{-3'600'000'000'000};
    IncidentId view_cause = kNoIncident;
  };
  bool listed_ready(const Pod& pod) const;
  u32 slice_for(Service& service);
  void mark(WorkloadId workload, u32 slice, IncidentId cause);
  void sync(WorkloadId workload);
  void write_next(WorkloadId workload);
  void publish(WorkloadId workload);

  Context context_;
  ApiServerPort& client_;
  ComponentId component_;
  std::vector<Service> services_;  // [workload]
  std::vector<EndpointConsumer*> consumers_;
  u64 version_ = 0;
};

}  // namespace stampede::cluster
