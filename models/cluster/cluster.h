// One region's Kubernetes cluster: deployments, scheduler, kubelets, endpoints, node lifecycle and
// autoscaler, all of which meet only through the API server.
// State: see the parts; this file hands each committed change to those that watch it.
// Source: kubernetes v1.28 controllers; kubernetes.md of the specification for capacities.
// Limits: one service a workload, no rolling updates, no preemption.
#pragma once
#include <memory>
#include <string_view>

#include "models/cluster/autoscaler.h"
#include "models/cluster/endpoint_slices.h"
#include "models/cluster/event_recorder.h"
#include "models/cluster/hosts.h"
#include "models/cluster/kubelet.h"
#include "models/cluster/leader_election.h"
#include "models/cluster/limited_client.h"
#include "models/cluster/node_lease.h"
#include "models/cluster/node_lifecycle.h"
#include "models/cluster/pod_restarts.h"
#include "models/cluster/pod_scheduler.h"
#include "models/cluster/replica_set.h"
#include "models/cluster/scale_command.h"
#include "models/cluster/zombies.h"
#include "models/ports/autoscaler_control_port.h"
#include "models/ports/live_port.h"
#include "models/ports/pod_control_port.h"
#include "models/ports/pod_listing_port.h"
#include "models/ports/readiness_port.h"

namespace stampede {

namespace cluster {
class Keda;
}

class Cluster final : public ApiWatcher,
                      public AutoscalerControlPort,
                      public PodControlPort,
                      public PodListingPort,
                      public ReadinessPort,
                      public ProcessWatcher,
                      public Tunable {
 public:
  // `path` names the component, e.g. "apac/cluster". `api` and `runtime` must outlive the run.
  Cluster(World& world, std::string path, const ClusterParams& params, ApiServerPort& api,
          PodRuntime& runtime);
  ~Cluster() override;

  // Before the start: the data plane of the region.
  void add_endpoint_consumer(EndpointConsumer* consumer);
  void ask_at_start(std::vector<ServicePort*> services) {
    kubelets_.ask_at_start(std::move(services));
  }
  void ask_before_renewal(ServicePort* services) { leases_.ask_before_renewal(services); }
  // Once, at the start of the run: the desired pods run, are ready and routable, without an event
  // or an API call; then leases, probes, scrapes and autoscalers begin at their phases. Pods that
  // find no GPU are left to the replica set.
  void start_warm();

  // AutoscalerControlPort
  bool set_autoscaler_enabled(bool enabled, IncidentId cause) override;
  void bound_autoscaler(WorkloadId workload, i32 min_replicas, i32 max_replicas) override {
    autoscalers_.bound(workload, min_replicas, max_replicas);
  }
  void scale(WorkloadId workload, i32 replicas, IncidentId cause) override {
    scale_command_.scale(workload, replicas, cause);
  }
  std::size_t workloads() const override { return state_.workloads.size(); }
  i32 fleet(WorkloadId workload) const override {
    return state_.workloads[workload].params.replicas;
  }
  i32 desired(WorkloadId workload) const override { return state_.workloads[workload].desired; }
  Alarm autoscaler_stopped() const override;

  LiveRoot live() { return live_root(params_, this); }
  void retuned(const LiveChange& change) override;

  // ReadinessPort
  Instant unpublished_since() override { return state_.unpublished_since(); }
  IncidentId held_up_by() const override { return tuned_.lately(world_.now()); }

  // PodControlPort
  std::vector<PodPlace> serving() const override;
  bool wanted(PodId pod) const override;
  void crash(const std::vector<PodId>& pods, IncidentId cause) override;
  u64 restart(const std::vector<PodId>& pods, const PodRestart& how, IncidentId cause) override;
  bool restarting(u64 round) const override { return restarts_.under_way(round); }
  void stop_restarting(u64 round) override { restarts_.stop(round); }

  // PodListingPort
  u32 zones() const override { return static_cast<u32>(params_.zones); }
  u32 zone_of(PodId pod) const override { return hosts_.zone_of(state_.pods[pod].node); }
  bool listed(PodId pod) const override { return wanted(pod); }

  // ProcessWatcher
  void process_died(PodId pod, IncidentId cause) override {
    if (state_.pods[pod].container == cluster::Container::kServing)
      kubelets_.pod_crashed(pod, cause);
  }

  NodeControlPort& hosts() { return hosts_; }

  // Read-outs; none feeds behaviour of other components.
  const cluster::PodCounts& counts(WorkloadId workload) const {
    return state_.workloads[workload].counts;
  }
  i64 zombies() const;
  const std::vector<PodId>& routable(WorkloadId workload) const {
    return endpoints_.routable(workload);
  }
  const cluster::ClusterState& state() const { return state_; }
  const cluster::Kubelets& kubelets() const { return kubelets_; }
  const cluster::NodeLeases& leases() const { return leases_; }
  const cluster::NodeLifecycle& node_lifecycle() const { return lifecycle_; }
  const cluster::EndpointSlices& endpoints() const { return endpoints_; }
  const cluster::Autoscalers& autoscalers() const { return autoscalers_; }
  const cluster::PodScheduler& pod_scheduler() const { return scheduler_; }

  void api_changed(const ApiChange& change) override;

 private:
  cluster::Context context();
  LimitedClientParams controller_limit() const;
  LimitedClientParams scheduler_limit() const;
  LimitedClientParams unlimited() const;
  ApiServerPort& controller_client();
  void node_changed(cluster::NodeId node, NodeCondition condition);
  void pod_changed(const ApiChange& change);
  void pod_bound(const ApiChange& change);
  void status_changed(const ApiChange& change);
  void elect_leaders();
  void register_stats();
  // For other parameters.
  void watch_server();
  void retune_clients();
  void retune_workload(WorkloadId workload, std::string_view key);
  void relist_endpoints(IncidentId cause);

  World& world_;
  std::string path_;
  ClusterParams params_;
  ApiServerPort& api_;
  LiveCauses tuned_;
  PodRuntime& runtime_;
  cluster::ClusterState state_;
  std::vector<std::unique_ptr<LimitedClient>> controller_clients_;
  LimitedClient scheduler_client_, kubelet_client_, operator_client_;
  LimitedClient controller_event_client_, scheduler_event_client_, kubelet_event_client_;
  cluster::EventRecorder controller_events_, scheduler_events_, kubelet_events_;
  cluster::ReplicaSetController replica_sets_;
  cluster::PodScheduler scheduler_;
  cluster::Kubelets kubelets_;
  cluster::NodeLeases leases_;
  cluster::EndpointSlices endpoints_;
  cluster::NodeLifecycle lifecycle_;
  cluster::Autoscalers autoscalers_;
  cluster::ScaleCommand scale_command_;
  cluster::ZombieWatch zombie_watch_;
  cluster::Hosts hosts_;
  cluster::PodRestarts restarts_;
  std::vector<std::unique_ptr<cluster::LeaderElection>> leaders_;  // empty: nobody is elected
  std::unique_ptr<cluster::Keda> keda_;  // null: no workload has a ScaledObject
  IncidentId stopped_ = kNoIncident;     // what stopped the autoscalers; none while they run
};

}  // namespace stampede
