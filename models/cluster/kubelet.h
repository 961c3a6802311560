// The kubelets of a cluster: start and stop containers, probe them, write their statuses.
// State: container as in cluster_state.h; a node's status writer = idle -> one write under way;
//        what was not committed is tried again at the next resync.
// Source: kubernetes pkg/kubelet (prober, status/status_manager.go); core/v1 probe defaults;
// kuberuntime_manager.go doBackOff (from the old container's end), client-go
// util/flowcontrol/backoff.go (forgotten after twice the longest delay: 10 min).
// Limits: a pod that is turned away (a binding took effect late, and its GPUs went to another) is
// deleted at once, where Kubernetes keeps it as Failed. A node's probes share one phase and answer
// at once; no probe before the server is up; the kubelet's own client limit (50/100) cannot bind
// with a few pods a node and is left out, as is the read before each status write.
#pragma once
#include <deque>

#include "models/cluster/context.h"
#include "models/cluster/node_runtime.h"
#include "models/cluster/shared_links.h"
#include "models/cluster/token_bucket.h"
#include "models/ports/service_port.h"

namespace stampede::cluster {

class EventRecorder;

class Kubelets final : public Component,
                       public ApiCaller,
                       public TransferListener,
                       public NodeRuntime,
                       public ServiceCaller {
 public:
  Kubelets(const Context& context, ApiServerPort& client, EventRecorder& events);
  void start();               // the ticks of all nodes
  void adopt(PodId pod);      // warm start: a bound pod that already serves and is ready
  void pod_bound(PodId pod);  // informers; a pod whose GPUs are taken is turned away
  void pod_deleted(PodId pod, IncidentId cause);
  void pod_crashed(PodId pod, IncidentId cause);  // its server's process is dead
  // NodeRuntime; those of nodes stand in kubelet_hosts.cpp
  void restart_asked(PodId pod, IncidentId cause) override;
  void node_died(NodeId node, IncidentId cause) override;
  void node_started(NodeId node, IncidentId cause) override;
  void node_detached(NodeId node, IncidentId cause) override;
  void node_cut_off(NodeId node, IncidentId cause) override;
  void node_connected(NodeId node) override;
  void node_attached(NodeId node, IncidentId cause) override;

  // [workload] What a server asks as it starts, between loading and warming up; null: nothing.
  void ask_at_start(std::vector<ServicePort*> services) { services_ = std::move(services); }
  void service_replied(u32 pod, const ServiceReply& reply) override;

  void retune_links();    // bandwidths are others
  void retune_filters();  // those of the spam filters
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  void transferred(u32 pod, u32 generation) override;

  u64 probes = 0, probes_failed = 0, status_writes = 0, status_writes_failed = 0, restarts = 0;

 private:
  struct Writer {
    std::deque<PodId> queue;
    bool busy = false;
    Instant resynced{};
  };
  void tick(NodeId node);
  void probe(PodId pod);
  void unhealthy(PodId pod);
  void stage(PodId pod, Duration delay);
  void stage_done(PodId pod);
  bool fetch_weights(PodId pod);
  void load(PodId pod);
  void loaded(PodId pod);
  void begin_warm_up(PodId pod);
  void serve(PodId pod);
  bool dies_at_start(PodId pod);
  void restart(PodId pod);
  void look_whether_ended(PodId pod);
  void note_crash_loop(PodId pod);
  Instant in_a_row_until(WorkloadId workload) const;
  void look_at_crash_loop(WorkloadId workload);
  void stop(PodId pod);
  void stopped(PodId pod);
  void queue_status(PodId pod);
  void write_next(NodeId node);
  void emit(PodId pod);
  bool silent(const Pod& pod) const {
    return pod.node != kNoNode && context_.state.nodes[pod.node].silent();
  }
  Duration warm_up(const Pod& pod, PodId id) const;

  Context context_;
  ApiServerPort& client_;
  EventRecorder& events_;
  ComponentId component_;
  SharedLinks links_;
  u32 store_ = 0, registry_ = 0;  // links after those of the nodes
  StreamKey phase_, warm_up_, backoff_;
  std::vector<Writer> writers_;  // [node]
  struct CrashLoop {
    Instant last = kLongAgo;  // when a pod was last restarted again and again
    IncidentId open = kNoIncident, by = kNoIncident;  // what was told of it; its last cause
  };
  std::vector<CrashLoop> crash_loops_;  // [workload]
  std::vector<TokenBucket> filters_;    // [pod], as far as one was needed
  std::vector<ServicePort*> services_;  // [workload], as told; null: it starts without asking
  std::vector<u32> asked_;              // [pod] the generation of which a question is open
};

}  // namespace stampede::cluster
