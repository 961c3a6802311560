#include "models/cluster/cluster.h"

#include <algorithm>
#include <string>

#include "models/cluster/keda.h"
#include "models/cluster/pod_edit.h"

namespace stampede {
namespace {

const IncidentKind kAutoscalerStopped{"autoscaler_stopped", "the autoscalers are stopped"};
const IncidentKind kAutoscalerStarted{"autoscaler_started", "the autoscalers run again"};
const IncidentKind kPodsKilled{"pods_killed", "pods are killed"};

}  // namespace

using namespace cluster;

Cluster::Cluster(World& world, std::string path, const ClusterParams& params, ApiServerPort& api,
                 PodRuntime& runtime)
    : world_(world),
      path_(std::move(path)),
      params_(params),
      api_(api),
      runtime_(runtime),
      state_(world, params_),
      scheduler_client_(world, api, scheduler_limit(), path_ + "/scheduler"),
      kubelet_client_(world, api, unlimited(), path_ + "/kubelets"),
      operator_client_(world, api, unlimited(), path_ + "/operators"),
      controller_event_client_(world, api, controller_limit(), path_ + "/controller_events"),
      scheduler_event_client_(world, api, scheduler_limit(), path_ + "/scheduler_events"),
      kubelet_event_client_(world, api, unlimited(), path_ + "/kubelet_events"),
      controller_events_(controller_event_client_, ApiLevel::kWorkloadHigh,
                         params.controllers.event_size, 1000, 0),
      scheduler_events_(scheduler_event_client_, ApiLevel::kWorkloadHigh,
                        params.controllers.event_size, 1000, 1u << 30),
      kubelet_events_(kubelet_event_client_, ApiLevel::kSystem, params.controllers.event_size,
                      u64{1000} * static_cast<u64>(params.nodes), 2u << 30),
      replica_sets_(context(), controller_client(), controller_events_),
      scheduler_(context(), scheduler_client_, scheduler_events_),
      kubelets_(context(), kubelet_client_, kubelet_events_),
      leases_(context(), api),
      endpoints_(context(), controller_client()),
      lifecycle_(context(), controller_client()),
      autoscalers_(context(), controller_client(), controller_events_),
      scale_command_(context(), operator_client_),
      zombie_watch_(context(), endpoints_),
      hosts_(context(), operator_client_, kubelets_, leases_),
      restarts_(context(), kubelets_) {
  watch_server();
  elect_leaders();
  if (std::any_of(state_.workloads.begin(), state_.workloads.end(), [](const Workload& w) {
        return w.params.autoscaler && w.params.autoscaler->keda;
      }))
    keda_ = std::make_unique<cluster::Keda>(context(), api_, autoscalers_);
  world_.checks.push_back([this] { state_.verify(); });
  register_stats();
}

Cluster::~Cluster() = default;

Context Cluster::context() { return {world_, state_, params_, runtime_, path_, api_, tuned_}; }

LimitedClientParams Cluster::controller_limit() const {
  LimitedClientParams p;
  p.qps = params_.controllers.controller_limit.per_second;
  p.burst = params_.controllers.controller_burst;
  return p;
}

LimitedClientParams Cluster::scheduler_limit() const {
  LimitedClientParams p;
  p.qps = params_.controllers.scheduler_limit.per_second;
  p.burst = params_.controllers.scheduler_burst;
  return p;
}

LimitedClientParams Cluster::unlimited() const {
  LimitedClientParams p;
  p.qps = 0;
  return p;
}

ApiServerPort& Cluster::controller_client() {
  if (controller_clients_.empty() || !params_.controllers.share_controller_limit) {
    const std::string name = "/controllers_" + std::to_string(controller_clients_.size());
    controller_clients_.push_back(
        std::make_unique<LimitedClient>(world_, api_, controller_limit(), path_ + name));
  }
  return *controller_clients_.back();
}

void Cluster::elect_leaders() {
  if (!params_.controllers.leader_election.enabled) return;
  std::vector<LimitedClient*> controllers{&controller_event_client_};
  for (const auto& client : controller_clients_) controllers.push_back(client.get());
  leaders_.push_back(std::make_unique<LeaderElection>(context(), api_, "controller_leader", 0,
                                                      std::move(controllers)));
  leaders_.push_back(std::make_unique<LeaderElection>(
      context(), api_, "scheduler_leader", 1,
      std::vector<LimitedClient*>{&scheduler_client_, &scheduler_event_client_}));
}

void Cluster::add_endpoint_consumer(EndpointConsumer* consumer) {
  endpoints_.add_consumer(consumer);
}

void Cluster::start_warm() {
  for (std::size_t w = 0; w < state_.workloads.size(); ++w) {
    Workload& workload = state_.workloads[w];
    for (i32 i = 0; i < workload.params.replicas; ++i) {
      const NodeId node = scheduler_.pick(static_cast<WorkloadId>(w));
      if (node == kNoNode) break;
      const PodId id = state_.new_pod(static_cast<WorkloadId>(w), kNoIncident);
      PodEdit(state_, id)->created = true;
      workload.members.push_back(id);
      ++workload.created_total;
      state_.charge(id, node);
      state_.bind(id, node);
      endpoints_.adopt(id);
      kubelets_.adopt(id);
    }
    runtime_.pool_grew(static_cast<WorkloadId>(w), kNoIncident);
    if (workload.counts.active < workload.desired)
      replica_sets_.enqueue(static_cast<WorkloadId>(w));
  }
  endpoints_.publish_adopted();
  kubelets_.start();
  leases_.start();
  lifecycle_.start();
  autoscalers_.start();
  if (keda_) keda_->start();
  for (const auto& leader : leaders_) leader->start();
}

bool Cluster::set_autoscaler_enabled(bool enabled, IncidentId cause) {
  const bool stopped = stopped_ != kNoIncident;
  const bool any =
      std::any_of(state_.workloads.begin(), state_.workloads.end(),
                  [](const cluster::Workload& w) { return w.params.autoscaler.has_value(); });
  if (any && !enabled && !stopped) {
    stopped_ = world_.incident(kAutoscalerStopped, path_, {cause}, "the autoscalers are stopped");
  } else if (enabled && stopped) {
    world_.incident(kAutoscalerStarted, path_, {stopped_, cause}, "the autoscalers run again");
    stopped_ = kNoIncident;
  }
  for (WorkloadId w = 0; w < state_.workloads.size(); ++w) {
    if (enabled) scale_command_.forget(w);
    autoscalers_.set_enabled(w, enabled);
  }
  return any && enabled == stopped;
}

Alarm Cluster::autoscaler_stopped() const {
  if (stopped_ == kNoIncident) return {};
  return {true, {stopped_}};
}

std::vector<PodPlace> Cluster::serving() const {
  std::vector<PodPlace> places;
  for (PodId id = 0; id < state_.pods.size(); ++id) {
    const Pod& pod = state_.pods[id];
    if (pod.container == Container::kServing) places.push_back({id, pod.workload, pod.node});
  }
  return places;
}

bool Cluster::wanted(PodId id) const {
  const Pod& pod = state_.pods[id];
  return pod.created && !pod.deleting && !pod.gone;
}

u64 Cluster::restart(const std::vector<PodId>& pods, const PodRestart& how, IncidentId cause) {
  return restarts_.restart(pods, how, cause);
}

void Cluster::crash(const std::vector<PodId>& pods, IncidentId cause) {
  std::vector<PodId> struck;
  for (const PodId id : pods)
    if (state_.pods[id].container == Container::kServing) struck.push_back(id);
  if (struck.empty()) return;
  const IncidentId killed = world_.incident(kPodsKilled, path_, {cause},
                                            std::to_string(struck.size()) + " pods are killed");
  for (const PodId id : struck) kubelets_.pod_crashed(id, killed);
}

// ---- watches ---------------------------------------------------------------------------------
void Cluster::api_changed(const ApiChange& change) {
  if (change.object <= ApiObject::kBinding) {  // parts of the pod's object
    u32& version = state_.pods[change.key].version;
    version = std::max(version, change.version);
  }
  switch (change.object) {
    case ApiObject::kPod:
      return pod_changed(change);
    case ApiObject::kBinding:
      return pod_bound(change);
    case ApiObject::kPodStatus:
      return status_changed(change);
    case ApiObject::kLease:
      if (change.verb == ApiVerb::kUpdate) state_.nodes[change.key].lease_seen = world_.now();
      return;
    case ApiObject::kNodeStatus:
      return node_changed(change.key, std::get<NodeStatusValue>(change.value).condition);
    case ApiObject::kScale:
      return replica_sets_.scale_changed(static_cast<WorkloadId>(change.key),
                                         std::get<ScaleValue>(change.value).replicas, change.cause);
    case ApiObject::kReplicaSet:
      if (const auto* size = std::get_if<ReplicaSetValue>(&change.value))
        replica_sets_.replicas_changed(static_cast<WorkloadId>(change.key), size->replicas,
                                       change.cause);
      return;
    case ApiObject::kDeployment:
      state_.workloads[change.key].status_replicas =
          std::get<DeploymentValue>(change.value).replicas;
      return;
    default:
      return;
  }
}

void Cluster::node_changed(NodeId node, NodeCondition condition) {
  if (condition == NodeCondition::kTainted) return;
  if (condition == NodeCondition::kCordoned || condition == NodeCondition::kUncordoned) {
    state_.nodes[node].cordoned = condition == NodeCondition::kCordoned;
    if (!state_.nodes[node].cordoned) scheduler_.gpus_freed();
    return;
  }
  // A heartbeat is nothing to the scheduler; a node that is ready again is.
  const bool was_ready = state_.nodes[node].api_ready, ready = condition == NodeCondition::kReady;
  lifecycle_.node_status_seen(node, ready);
  if (!ready) leases_.node_given_up(node);
  if (ready && !was_ready) scheduler_.gpus_freed();
}

void Cluster::pod_changed(const ApiChange& change) {
  const PodId id = change.key;
  const WorkloadId w = state_.pods[id].workload;
  if (change.verb == ApiVerb::kCreate) {
    if (state_.pods[id].created) return;
    {
      PodEdit e(state_, id);
      e->created = true;
      e->created_at = world_.now();
    }
    state_.workloads[w].members.push_back(id);
    ++state_.workloads[w].created_total;
    replica_sets_.pod_added(id);
    return scheduler_.pod_added(id);
  }
  if (change.verb != ApiVerb::kDelete || state_.pods[id].gone || !state_.pods[id].created) return;
  const bool first = !state_.pods[id].deleting;
  if (first) {
    PodEdit(state_, id)->deleting = true;
    replica_sets_.pod_deleted(id);
  }
  // A pod that no kubelet has goes at once.
  if (std::get<PodDeletionValue>(change.value).final || state_.pods[id].node == kNoNode) {
    const bool held_gpus = state_.pods[id].charged != kNoNode;
    state_.forget(id);
    if (held_gpus) scheduler_.gpus_freed();
    replica_sets_.enqueue(w);
  } else if (first) {
    kubelets_.pod_deleted(id, change.cause);
  }
  endpoints_.pod_changed(id, change.cause);
}

void Cluster::pod_bound(const ApiChange& change) {
  const PodId id = change.key;
  const Pod& pod = state_.pods[id];
  if (pod.gone || !pod.created || pod.node != kNoNode) return;
  const NodeId node = std::get<BindingValue>(change.value).node;
  if (pod.charged != node) state_.charge(id, node);
  state_.bind(id, node);
  scheduler_events_.emit(kSchedulerUser, pod.cause);  // Scheduled
  kubelets_.pod_bound(id);
  if (pod.deleting) replica_sets_.enqueue(pod.workload);
}

void Cluster::status_changed(const ApiChange& change) {
  const PodId id = change.key;
  const Pod& pod = state_.pods[id];
  const auto& status = std::get<PodStatusValue>(change.value);
  if (pod.gone || !pod.created || status.by == StatusWriter::kScheduler) return;
  const bool changed = status.ready != pod.api_ready || status.running != pod.running;
  {
    PodEdit e(state_, id);
    e->api_status = status;
    e->api_status.by = StatusWriter::kKubelet;
    if (status.ready != e->api_ready || !e->has_ready_condition) e->ready_transition = world_.now();
    e->has_ready_condition = true;
    e->api_ready = status.ready;
    e->running = status.running;
  }
  if (!changed) return;
  endpoints_.pod_changed(id, change.cause);
  replica_sets_.enqueue(pod.workload);
}

// ---- other parameters while it runs -----------------------------------------------------------
void Cluster::retuned(const LiveChange& change) {
  const std::string_view key = change.path.substr(change.path.find('.') + 1);
  tuned_.note(change.path, change.cause, world_.now());
  if (key.starts_with("controllers.")) retune_clients();
  if (key == "controllers.informer_lag" || key == "endpoints.watch_lag") watch_server();
  if (key.starts_with("start.")) kubelets_.retune_links();
  if (key.starts_with("kubelet.event_")) {
    kubelets_.retune_filters();
    replica_sets_.retune_filters();
  }
  if (key == "endpoints.publish_not_ready") relist_endpoints(change.cause);
  for (std::size_t w = 0; w < state_.workloads.size(); ++w) {
    const std::string prefix = "workloads[" + std::to_string(w) + "].";
    if (key.starts_with(prefix))
      retune_workload(static_cast<WorkloadId>(w), key.substr(prefix.size()));
  }
}

void Cluster::watch_server() {
  const Duration lag = params_.controllers.informer_lag;
  for (const ApiObject object :
       {ApiObject::kPod, ApiObject::kPodStatus, ApiObject::kBinding, ApiObject::kLease,
        ApiObject::kNodeStatus, ApiObject::kReplicaSet, ApiObject::kDeployment, ApiObject::kScale})
    api_.watch(object, this, lag);
  api_.watch(ApiObject::kEndpointSlice, &endpoints_, params_.endpoints.watch_lag);
}

void Cluster::retune_clients() {
  for (const auto& client : controller_clients_) client->retune(controller_limit());
  controller_event_client_.retune(controller_limit());
  scheduler_client_.retune(scheduler_limit());
  scheduler_event_client_.retune(scheduler_limit());
  for (EventRecorder* recorder : {&controller_events_, &scheduler_events_, &kubelet_events_})
    recorder->resize(params_.controllers.event_size);
}

// An operator may have bounded the autoscaler otherwise: only what is set is taken over.
void Cluster::retune_workload(WorkloadId w, std::string_view key) {
  const WorkloadParams& from = params_.workloads[w];
  WorkloadParams& to = state_.workloads[w].params;
  to.cpu_request_milli = from.cpu_request_milli;
  to.memory_request = from.memory_request;
  if (!from.autoscaler || !key.starts_with("autoscaler.")) return;
  const i32 least = to.autoscaler->min_replicas, most = to.autoscaler->max_replicas;
  to.autoscaler = from.autoscaler;
  const std::string_view what = key.substr(key.find('.') + 1);
  if (what != "min_replicas") to.autoscaler->min_replicas = least;
  if (what != "max_replicas") to.autoscaler->max_replicas = most;
  autoscalers_.retuned(w, what);
}

// Every pod is looked at: it may be an endpoint now, or no longer.
void Cluster::relist_endpoints(IncidentId cause) {
  for (PodId id = 0; id < state_.pods.size(); ++id) {
    if (state_.pods[id].gone || !state_.pods[id].created) continue;
    PodEdit(state_, id).touch();
    endpoints_.pod_changed(id, cause);
  }
}

// ---- read-outs -------------------------------------------------------------------------------
i64 Cluster::zombies() const {
  i64 sum = 0;
  for (const Workload& w : state_.workloads) sum += w.counts.zombies;
  return sum;
}

void Cluster::register_stats() {
  const auto gauge = [this](std::size_t w, const char* name, const char* help,
                            i64 PodCounts::*member) {
    const Workload& workload = state_.workloads[w];
    return &world_.stats.gauge(
        path_ + "/" + workload.params.name, name, "1", help,
        [&workload, member] { return static_cast<double>(workload.counts.*member); });
  };
  for (std::size_t w = 0; w < state_.workloads.size(); ++w) {
    const Workload& workload = state_.workloads[w];
    world_.stats.gauge(path_ + "/" + workload.params.name, "desired_pods", "1",
                       "replicas that the replica set wants",
                       [&workload] { return static_cast<double>(workload.desired); });
    gauge(w, "created_pods", "pod objects", &PodCounts::objects);
    gauge(w, "pending_pods", "pods that are created and stored as not running",
          &PodCounts::pending);
    gauge(w, "running_pods", "containers that serve", &PodCounts::running);
    gauge(w, "ready_pods", "pods that are really ready", &PodCounts::ready)->truth = true;
    gauge(w, "routable_pods", "pods in the data plane's view", &PodCounts::routable);
    gauge(w, "zombie_pods", "pods that are ready and wanted but have not been routable for a while",
          &PodCounts::zombies)
        ->truth = true;
    world_.stats.counter(path_ + "/" + workload.params.name, "pods_created_total",
                         "pod objects created", &workload.created_total);
  }
  world_.stats.counter(path_, "probes_failed_total", "readiness probes without an answer",
                       &kubelets_.probes_failed);
  world_.stats.counter(path_, "status_writes_failed_total", "pod statuses not committed",
                       &kubelets_.status_writes_failed);
  world_.stats.counter(path_, "lease_calls_total", "calls on node leases", &leases_.calls);
  world_.stats.counter(path_, "lease_failures_total", "failed calls on node leases",
                       &leases_.failures);
  world_.stats.counter(path_, "nodes_lost_total", "nodes treated as lost", &lifecycle_.nodes_lost);
  world_.stats.counter(path_, "endpoint_writes_total", "slices written", &endpoints_.writes);
  world_.stats.counter(path_, "autoscaler_held_total", "passes without metrics or scale",
                       &autoscalers_.held);
  world_.stats.explain(path_, [this] {
    std::vector<IncidentId> open{lifecycle_.lost(), stopped_};
    for (std::size_t w = 0; w < state_.workloads.size(); ++w)
      open.push_back(endpoints_.blocked_by(static_cast<WorkloadId>(w)));
    return open;
  });
}

}  // namespace stampede
