#include "models/cluster/kubelet.h"

#include <fmt/format.h>

#include <utility>

#include "models/cluster/event_recorder.h"
#include "models/cluster/pod_edit.h"
#include "sim/math.h"

namespace stampede::cluster {
namespace {

const IncidentKind kCrashLooping{"crash_looping", "a pod was restarted several times in a row"};
const IncidentKind kCrashLoopEnded{
    "crash_loop_ended", "for so long that back-offs are forgotten no pod was restarted in a row"};
enum Kind : u8 { kTick, kStage, kStartupDeadline, kCrashLoop };
constexpr Duration kRelist = 1_s;  // pleg/generic.go: how often the kubelet looks at containers
constexpr double kOpen = 1e15;     // "no cap" for a link [B/s]
constexpr u16 kLoops = 3;          // restarts in a row from which on a pod counts as crash-looping
}  // namespace

Kubelets::Kubelets(const Context& context, ApiServerPort& client, EventRecorder& events)
    : context_(context),
      client_(client),
      events_(events),
      component_(context.world.scheduler.add(this)),
      links_(context.world, *this),
      phase_(context.world.stream(context.path, "kubelet_phase")),
      warm_up_(context.world.stream(context.path, "warm_up")),
      backoff_(context.world.stream(context.path, "restart_backoff")) {
  const StartParams& p = context.params.start;
  for (i32 n = 0; n < context.params.nodes; ++n) links_.add(p.node_bandwidth, p.pod_bandwidth);
  store_ = links_.add(p.store_bandwidth, Bandwidth{kOpen});
  registry_ = links_.add(p.registry_bandwidth, p.image_bandwidth);
  writers_.resize(context.state.nodes.size());
  crash_loops_.resize(context.state.workloads.size());
}

void Kubelets::start() {
  for (u32 n = 0; n < writers_.size(); ++n) {
    const double u = uniform(draw(phase_, n));
    context_.world.scheduler.after(from_seconds(u * context_.params.kubelet.probe_period.seconds()),
                                   Priority::kControl, component_, kTick, n);
  }
}

void Kubelets::retune_links() {
  const StartParams& p = context_.params.start;
  for (u32 n = 0; n < writers_.size(); ++n) links_.retune(n, p.node_bandwidth, p.pod_bandwidth);
  links_.retune(store_, p.store_bandwidth, Bandwidth{kOpen});
  links_.retune(registry_, p.registry_bandwidth, p.image_bandwidth);
}

void Kubelets::retune_filters() {
  const KubeletParams& p = context_.params.kubelet;
  for (TokenBucket& filter : filters_) filter.retune(p.event_refill, p.event_burst);
}

void Kubelets::adopt(PodId pod) {
  {
    PodEdit e(context_.state, pod);
    e->container = Container::kServing;
    e->ready = e->api_ready = e->running = e->has_ready_condition = true;
    e->api_status = true_status(*e.operator->());
  }
  const Pod& p = context_.state.pods[pod];
  context_.runtime.pod_started(pod, p.workload);
}

void Kubelets::handle(const Event& event) {
  switch (event.kind) {
    case kTick:
      context_.world.scheduler.after(context_.params.kubelet.probe_period, Priority::kControl,
                                     component_, kTick, event.subject);
      return tick(event.subject);
    case kStage:
      if (context_.state.pods[event.subject].generation == event.argument)
        stage_done(event.subject);
      return;
    case kCrashLoop:
      return look_at_crash_loop(static_cast<WorkloadId>(event.subject));
    case kStartupDeadline: {
      const Pod& pod = context_.state.pods[event.subject];
      if (pod.generation - event.argument < 2 &&
          (pod.container == Container::kLoading || pod.container == Container::kWarming)) {
        unhealthy(event.subject);
        restart(event.subject);
      }
      return;
    }
  }
}

void Kubelets::tick(NodeId node) {
  Writer& writer = writers_[node];
  if (context_.state.nodes[node].dead > 0) return;
  const Instant now = context_.world.now();
  const bool resync = now - writer.resynced >= context_.params.kubelet.status_resync;
  if (resync) writer.resynced = now;
  const std::vector<PodId>& pods = context_.state.nodes[node].pods;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const PodId id = pods[i];
    Pod& pod = context_.state.pods[id];
    if (pod.container == Container::kServing) {
      probe(id);
      if (pod.container == Container::kServing) {
        pod.sampled = context_.runtime.sample(id, pod.workload);
        pod.sampled_at = now;
      }
    }
    if (resync && !pod.status_queued &&
        (pod.container == Container::kStopped || pod.api_status != true_status(pod)))
      queue_status(id);
  }
}

void Kubelets::probe(PodId id) {
  const KubeletParams& p = context_.params.kubelet;
  Pod& pod = context_.state.pods[id];
  ++probes;
  if (context_.runtime.probe(id, pod.workload)) {
    pod.failures = 0;
    if (pod.ready) return;
    if (++pod.successes < p.probe_successes) return;
    PodEdit(context_.state, id)->ready = true;
    return queue_status(id);
  }
  ++probes_failed;
  pod.successes = 0;
  if (pod.failures < UINT8_MAX) ++pod.failures;
  unhealthy(id);
  if (pod.ready && pod.failures >= p.probe_failures) {
    pod.overloaded = context_.runtime.overload_incident(id);
    PodEdit(context_.state, id)->ready = false;
    queue_status(id);
  }
  if (p.liveness_failures > 0 && pod.failures >= p.liveness_failures) {
    if (pod.overloaded == kNoIncident) pod.overloaded = context_.runtime.overload_incident(id);
    restart(id);
  }
}

// An Unhealthy event, unless the spam filter of this pod is closed.
void Kubelets::unhealthy(PodId id) {
  const KubeletParams& p = context_.params.kubelet;
  if (filters_.size() <= id) filters_.resize(id + 1, TokenBucket(p.event_refill, p.event_burst));
  if (filters_[id].try_take(context_.world.now())) emit(id);
}

void Kubelets::emit(PodId id) {
  const Pod& pod = context_.state.pods[id];
  if (silent(pod)) return;
  events_.emit(kKubeletUser + pod.node, pod.overloaded ? pod.overloaded : pod.cause);
}

// ---- starting --------------------------------------------------------------------------------
void Kubelets::stage(PodId id, Duration delay) {
  Pod& pod = context_.state.pods[id];
  if (delay.ns < 1) delay.ns = 1;
  context_.world.scheduler.after(delay, Priority::kControl, component_, kStage, id,
                                 ++pod.generation);
}

void Kubelets::pod_bound(PodId id) {
  if (silent(context_.state.pods[id])) return;  // its kubelet does not hear of it
  if (context_.state.pods[id].deleting) return stop(id);
  const NodeId node = context_.state.pods[id].node;
  if (context_.state.nodes[node].charged_gpus > context_.params.gpus_per_node) {
    PodEdit(context_.state, id)->deleting = true;
    emit(id);  // UnexpectedAdmissionError
    return stopped(id);
  }
  const StartParams& p = context_.params.start;
  const bool cached = p.image_cached && !context_.state.nodes[node].cold;
  {
    PodEdit e(context_.state, id);
    e->started_at = context_.world.now();
    e->container = cached ? Container::kStarting : Container::kPulling;
  }
  queue_status(id);
  emit(id);  // Pulling, or Pulled: already present
  if (cached) return stage(id, p.container_start);
  links_.start(registry_, p.image_size, id, ++context_.state.pods[id].generation);
}

void Kubelets::transferred(u32 id, u32 generation) {
  if (context_.state.pods[id].generation == generation) stage_done(id);
}

void Kubelets::stage_done(PodId id) {
  switch (context_.state.pods[id].container) {
    case Container::kPulling:
      if (fetch_weights(id)) return;
      emit(id);  // Pulled
      PodEdit(context_.state, id)->container = Container::kStarting;
      return stage(id, context_.params.start.container_start);
    case Container::kBackoff:
      if (context_.state.pods[id].ending) return look_whether_ended(id);
      [[fallthrough]];
    case Container::kStarting:
      emit(id);  // Created
      emit(id);  // Started
      if (dies_at_start(id)) return;
      return load(id);
    case Container::kLoading:
      return loaded(id);
    case Container::kWarming:
      return serve(id);
    case Container::kStopping:
      return stopped(id);
    default:
      return;
  }
}

// To the empty disk of a host that is new, before they are loaded from there.
bool Kubelets::fetch_weights(PodId id) {
  Pod& pod = context_.state.pods[id];
  const StartParams& p = context_.params.start;
  if (!context_.state.nodes[pod.node].cold || pod.fetched ||
      p.weights_source == WeightsSource::kSharedStore)
    return false;
  pod.fetched = true;
  links_.start(store_, p.weights_size, id, ++pod.generation);
  return true;
}

// A process that ends before it has loaded anything.
bool Kubelets::dies_at_start(PodId id) {
  Pod& pod = context_.state.pods[id];
  const IncidentId cause = context_.runtime.dies_at_start(id, pod.workload);
  if (cause == kNoIncident) return false;
  pod.overloaded = cause;
  pod.container_started = context_.world.now();
  restart(id);
  return true;
}

void Kubelets::load(PodId id) {
  const StartParams& p = context_.params.start;
  PodEdit(context_.state, id)->container = Container::kLoading;
  queue_status(id);
  Pod& pod = context_.state.pods[id];
  pod.container_started = context_.world.now();
  const u32 link = p.weights_source == WeightsSource::kSharedStore ? store_ : pod.node;
  links_.start(link, p.weights_size, id, ++pod.generation);
  const Duration deadline = context_.params.kubelet.startup_deadline;
  if (deadline.ns > 0)
    context_.world.scheduler.after(deadline, Priority::kControl, component_, kStartupDeadline, id,
                                   pod.generation);
}

void Kubelets::loaded(PodId id) {
  const Pod& pod = context_.state.pods[id];
  ServicePort* services = pod.workload < services_.size() ? services_[pod.workload] : nullptr;
  if (services == nullptr) return begin_warm_up(id);
  if (id >= asked_.size()) asked_.resize(id + 1, 0);
  asked_[id] = pod.generation;
  if (const auto reply = services->ask(id, id, *this, pod.overloaded ? pod.overloaded : pod.cause))
    service_replied(id, *reply);
}

// Of a server that cannot start without it: the process ends, and its kubelet tries again.
void Kubelets::service_replied(u32 id, const ServiceReply& reply) {
  Pod& pod = context_.state.pods[id];
  if (pod.container != Container::kLoading || pod.generation != asked_[id]) return;
  if (reply.ok) return begin_warm_up(id);
  if (reply.cause != kNoIncident) {
    pod.overloaded = reply.cause;
    context_.runtime.pod_kept_down(id, pod.workload, reply.cause);
  }
  restart(id);
}

void Kubelets::begin_warm_up(PodId id) {
  PodEdit(context_.state, id)->container = Container::kWarming;
  stage(id, warm_up(context_.state.pods[id], id));
}

Duration Kubelets::warm_up(const Pod& pod, PodId id) const {
  const StartParams& p = context_.params.start;
  const double z = standard_normal(uniform(draw(warm_up_, id, pod.restarts)));
  return from_seconds(p.warm_up_median.seconds() * math::exp(p.warm_up_sigma * z));
}

void Kubelets::serve(PodId id) {
  {
    PodEdit e(context_.state, id);
    e->container = Container::kServing;
    e->failures = e->successes = 0;
  }
  const Pod& pod = context_.state.pods[id];
  context_.state.nodes[pod.node].cold = false;
  context_.runtime.pod_started(id, pod.workload);
  context_.runtime.pool_grew(pod.workload, pod.cause ? pod.cause : pod.overloaded);
  if (const IncidentId mended = context_.runtime.what_ended(pod.overloaded))
    context_.state.pods[id].overloaded = mended;  // why it will be ready
  if (const IncidentId isolated = context_.state.nodes[pod.node].isolated_by;
      isolated != kNoIncident)
    context_.runtime.pod_cut_off(id, isolated);
}

// ---- restarting and stopping -----------------------------------------------------------------
void Kubelets::restart(PodId id) {
  const KubeletParams& p = context_.params.kubelet;
  const bool served = context_.state.pods[id].container == Container::kServing;
  {
    PodEdit e(context_.state, id);
    e->ready = false;
    e->container = Container::kBackoff;
    e->sampled_at = Instant{-1};
    e->failures = e->successes = 0;
    // The backoff is forgotten twice its longest delay after it was last used, at a start.
    if (context_.world.now() - e->container_started > p.restart_backoff_longest * 2)
      e->restarts_in_a_row = 0;
    if (!e->asked && e->restarts_in_a_row < UINT16_MAX) ++e->restarts_in_a_row;
    if (e->restarts < UINT16_MAX) ++e->restarts;
    e->ending = true;
  }
  ++restarts;
  const Pod& pod = context_.state.pods[id];
  if (served)
    context_.runtime.pod_stopped(id, pod.workload, pod.overloaded ? pod.overloaded : pod.cause);
  emit(id);  // Killing
  queue_status(id);
  note_crash_loop(id);
  look_whether_ended(id);
}

// Seen with the next look at the runtime, which is not waited for.
void Kubelets::pod_crashed(PodId id, IncidentId cause) {
  Pod& pod = context_.state.pods[id];
  pod.overloaded = cause;  // why it is not ready
  context_.runtime.pod_killed(id, pod.workload, cause);
  restart(id);
}

void Kubelets::restart_asked(PodId id, IncidentId cause) {
  Pod& pod = context_.state.pods[id];
  pod.overloaded = cause;
  pod.asked = true;
  restart(id);
}

// One incident of a workload for as long as its pods are restarted in a row without a pause in
// which the backoff is forgotten.
void Kubelets::note_crash_loop(PodId id) {
  const Pod& pod = context_.state.pods[id];
  if (pod.restarts_in_a_row < kLoops) return;
  CrashLoop& loop = crash_loops_[pod.workload];
  loop.last = context_.world.now();
  // A restart after the first one may not know what the first one knew.
  if (const IncidentId by = pod.overloaded ? pod.overloaded : pod.cause) loop.by = by;
  if (loop.open != kNoIncident) return;
  loop.open = context_.world.incident(
      kCrashLooping, context_.path, {loop.by},
      fmt::format("{}: pod {} was restarted {} times in a row",
                  context_.state.workloads[pod.workload].params.name, id, pod.restarts_in_a_row));
  look_at_crash_loop(pod.workload);
}

// The last start of the pods that were restarted in a row; of those that have none yet: now.
Instant Kubelets::in_a_row_until(WorkloadId workload) const {
  Instant last{};
  for (const Pod& pod : context_.state.pods) {
    if (pod.gone || pod.workload != workload || pod.restarts_in_a_row < kLoops) continue;
    const bool runs = pod.container >= Container::kLoading && pod.container < Container::kBackoff;
    last = std::max(last, runs ? pod.container_started : context_.world.now());
  }
  return last;
}

void Kubelets::look_at_crash_loop(WorkloadId workload) {
  CrashLoop& loop = crash_loops_[workload];
  World& world = context_.world;
  const Instant over = std::max(loop.last, in_a_row_until(workload)) +
                       context_.params.kubelet.restart_backoff_longest * 2 + 1_ns;
  if (world.now() < over) {
    world.scheduler.at(over, Priority::kControl, component_, kCrashLoop, workload);
    return;
  }
  const IncidentId open = std::exchange(loop.open, kNoIncident);
  const IncidentId by = std::exchange(loop.by, kNoIncident);
  world.end(kCrashLoopEnded, context_.path, open, context_.runtime.what_ended(by),
            context_.state.workloads[workload].params.name);
}

// The backoff counts from the end of the old container, which may use its grace.
void Kubelets::look_whether_ended(PodId id) {
  const KubeletParams& p = context_.params.kubelet;
  if (!context_.runtime.ended(id)) return stage(id, kRelist);
  Pod& pod = context_.state.pods[id];
  pod.ending = false;
  if (std::exchange(pod.asked, false)) return stage(id, kRelist);
  Duration delay =
      doubling(p.restart_backoff_first, p.restart_backoff_longest, pod.restarts_in_a_row);
  if (p.restart_backoff_jitter.value > 0)
    delay += from_seconds(delay.seconds() * p.restart_backoff_jitter.value *
                          uniform(draw(backoff_, id, pod.restarts)));
  stage(id, delay);
}

void Kubelets::pod_deleted(PodId id, IncidentId cause) {
  Pod& pod = context_.state.pods[id];
  if (pod.gone) return;
  pod.deleted_by = cause;
  if (silent(pod)) return;  // its kubelet does not hear of it
  if (pod.container == Container::kStopping || pod.container == Container::kStopped) return;
  emit(id);  // Killing
  stop(id);
}

void Kubelets::stop(PodId id) {
  const bool serving = context_.state.pods[id].container == Container::kServing;
  if (!serving) return stopped(id);
  // The server answers until the end of its grace: it is `kServing` for its clients, but its
  // kubelet no longer probes it.
  {
    PodEdit e(context_.state, id);
    e->container = Container::kStopping;
    e->ready = false;
  }
  queue_status(id);
  stage(id, context_.params.kubelet.termination);
}

void Kubelets::stopped(PodId id) {
  const bool served = context_.state.pods[id].container == Container::kStopping;
  {
    PodEdit e(context_.state, id);
    e->container = Container::kStopped;
    e->ready = false;
    e->sampled_at = Instant{-1};
    ++e->generation;
  }
  const Pod& pod = context_.state.pods[id];
  if (served) context_.runtime.pod_stopped(id, pod.workload, pod.deleted_by);
  queue_status(id);
}

}  // namespace stampede::cluster
