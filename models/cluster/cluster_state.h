// What one cluster's controllers, kubelets and data plane know of pods and nodes, as flat arrays:
// the committed objects as informers show them, the kubelets' truth, the routable view.
// State: a pod object = submitted -> created -> deleting -> gone (or refused, never seen);
//        its container = none -> pulling -> starting -> loading -> warming -> serving -> stopping
//        -> stopped, or backoff -> loading after a restart.
// Limits: all controllers share one informer cache.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "models/cluster/cluster_params.h"
#include "models/ports/api_values.h"
#include "models/ports/pods_port.h"
#include "sim/world.h"

namespace stampede::cluster {

using NodeId = u32;
inline constexpr NodeId kNoNode = UINT32_MAX;

enum class Container : u8 {
  kNone,
  kPulling,
  kStarting,
  kLoading,
  kWarming,
  kServing,
  kBackoff,
  kStopping,
  kStopped
};

struct Pod {
  // Kubelet: read at every probe.
  WorkloadId workload = 0;
  Container container = Container::kNone;
  u8 failures = 0, successes = 0;
  bool ready = false;          // the kubelet's truth
  bool status_queued = false;  // or being written
  bool final_delete_sent = false;
  bool ending = false;    // restarted, and the old container has not ended yet
  bool fetched = false;   // its weights, to a disk that was empty
  bool asked = false;     // to restart: no back-off
  bool evicting = false;  // its deletion by a drain is under way
  u16 restarts = 0;
  u16 restarts_in_a_row = 0;  // since it last ran for long
  u32 generation = 0;         // of its container's pending stage
  PodStatusValue api_status;  // as committed and seen
  NodeId node = kNoNode;      // as bound, committed
  u32 place = 0;              // among its node's pods
  // Objects, as informers show them.
  bool created = false, deleting = false, gone = false;
  bool running = false, api_ready = false, has_ready_condition = false;
  u32 version = 0;  // of the object
  // Scheduler.
  bool unschedulable_reported = false;
  NodeId charged = kNoNode;  // node whose GPUs the scheduler's cache charges
  u32 attempts = 0;
  Instant last_attempt{};
  Instant created_at{}, started_at{}, ready_transition{};
  Instant container_started{};  // its latest container
  // Metrics: the kubelet's last sample and the metrics server's copy of it; -1 s = none.
  PodSample sampled, scraped;
  Instant sampled_at{-1}, scraped_at{-1};
  std::vector<i64> waiting_scrapes;  // [milli requests] oldest first, as many as the window holds
  // Endpoints.
  u32 slice = UINT32_MAX;
  bool routable = false;  // in the view that reached the data plane
  // Zombies.
  bool candidate = false, zombie = false;
  Instant candidate_since{};
  bool unpublished = false;  // the routable view does not say what its controllers want it to say
  Instant unpublished_since{};
  // Why: it was created; its status was not written; it stopped answering its probe; it was
  // deleted.
  IncidentId cause = kNoIncident, write_failed = kNoIncident, overloaded = kNoIncident,
             deleted_by = kNoIncident;
};

struct Node {
  i32 charged_gpus = 0;
  bool api_ready = true;  // node status as committed
  bool lost = false;      // the lifecycle controller gave it up: its pods shall not be listed
  bool tainted = false;
  Instant tainted_at{};
  Instant lease_seen{};  // last renewal that the lifecycle controller saw
  IncidentId lease_failed = kNoIncident;
  u8 dead = 0, detached = 0, cordons = 0;  // by so many changes each
  bool cordoned = false;                   // as committed and seen
  bool cold = false;                       // started again with an empty disk
  IncidentId harmed_by = kNoIncident;      // what made it silent
  IncidentId isolated_by = kNoIncident;    // what starts there is not reached
  bool silent() const { return dead + detached > 0; }
  std::vector<PodId> pods;  // bound here and not gone
};

struct PodCounts {
  i64 objects = 0;         // created and not gone
  i64 active = 0;          // and not being deleted
  i64 pending = 0;         // active, not reported running
  i64 running = 0;         // containers that serve
  i64 ready = 0;           // the kubelets' truth
  i64 reported_ready = 0;  // as committed
  i64 routable = 0;        // in the data plane's view
  i64 zombies = 0;
  bool operator==(const PodCounts&) const = default;
};

struct Workload {
  WorkloadParams params;
  i32 scale_replicas = 0;   // deployment.spec.replicas as committed
  i32 desired = 0;          // of the replica set
  i32 status_replicas = 0;  // deployment.status.replicas
  i64 charged_gpus = 0;     // by the scheduler, to pods of this workload
  PodCounts counts;
  u64 created_total = 0, gone_total = 0;
  std::vector<PodId> members;  // created and not long gone, in order of creation
};

// Told when pods become or cease to be ready but not routable.
struct ZombieListener {
  virtual ~ZombieListener() = default;
  virtual void candidate_added() = 0;
};

struct ClusterState {
  ClusterState(World& world, const ClusterParams& params);

  PodId new_pod(WorkloadId workload, IncidentId cause);
  void bind(PodId pod, NodeId node);    // as committed: joins its node
  void charge(PodId pod, NodeId node);  // scheduler's cache; kNoNode releases
  void forget(PodId pod);               // the object is gone
  void set_lost(NodeId node, bool lost);
  i32 gpus_of(PodId pod) const { return workloads[pods[pod].workload].params.gpus_per_pod; }
  i64 total_gpus() const { return i64{params.nodes} * params.gpus_per_node - params.missing_gpus; }
  i64 wanted_gpus() const;  // of all workloads' replica counts as committed
  void verify() const;      // throws InvariantError: pods and GPUs are conserved
  // A pod is about to be changed, or was: keeps the counts. PodEdit calls them.
  void begin_edit(PodId pod);
  void end_edit(PodId pod);

  World& world;
  const ClusterParams& params;
  std::vector<Pod> pods;
  std::vector<Node> nodes;
  std::vector<Workload> workloads;
  i64 free_gpus = 0;
  // Pods that may become zombies, by the time they became ready but not routable.
  std::deque<std::pair<Instant, PodId>> candidates;
  // Pods whose readiness the routable view does not show, likewise; old entries are dropped when
  // somebody asks.
  std::deque<std::pair<Instant, PodId>> unpublished;
  Instant unpublished_since();  // of the oldest; kNever if there is none
  ZombieListener* zombie_listener = nullptr;
};

PodStatusValue true_status(const Pod& pod);  // as its kubelet knows it

}  // namespace stampede::cluster
