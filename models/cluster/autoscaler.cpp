#include "models/cluster/autoscaler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/cluster/event_recorder.h"
#include "models/cluster/pod_metrics.h"

namespace stampede::cluster {
namespace {

const IncidentKind kScaleUpRequested{"scale_up_requested",
                                     "an autoscaler asks for many more replicas"};
enum Kind : u8 { kScrape, kPass };
enum Reply : u64 { kGotScale, kGotMetrics, kPutScale, kPutStatus };
constexpr i64 kMetricBytes = 300;  // of one pod in a metrics list

i64 milli(double value) { return static_cast<i64>(value * 1000 + (value < 0 ? -0.5 : 0.5)); }

// A target in thousandths, of which Kubernetes keeps at least one: quantities are rounded up to
// them.
i64 target_milli(double value) { return std::max<i64>(1, milli(value)); }

// A value as the metrics API hands it over: thousandths, rounded up as quantities are.
i64 reported(double value) {
  constexpr double kMost = 9e15;
  return static_cast<i64>(std::ceil(std::min(std::max(value, -kMost), kMost) * 1000 - 1e-6));
}

hpa::MetricSpec spec_of(const MetricParams& p) {
  static constexpr hpa::MetricType kTypes[] = {hpa::MetricType::kResource, hpa::MetricType::kPods,
                                               hpa::MetricType::kObject,
                                               hpa::MetricType::kExternal};
  static constexpr hpa::TargetType kTargets[] = {
      hpa::TargetType::kUtilization, hpa::TargetType::kAverageValue, hpa::TargetType::kValue};
  hpa::MetricSpec spec;
  spec.type = kTypes[static_cast<std::size_t>(p.source)];
  spec.target_type = kTargets[static_cast<std::size_t>(p.target)];
  spec.target = p.target == MetricTarget::kUtilization ? std::max<i64>(1, static_cast<i64>(p.value))
                                                       : target_milli(p.value);
  spec.cpu = p.source == MetricSource::kResource && p.query == "cpu";
  return spec;
}

hpa::Rules rules_of(const ScalingRulesParams& p, hpa::Rules rules) {
  rules.select = static_cast<hpa::SelectPolicy>(p.select_policy);
  if (p.stabilization_window) rules.stabilization = *p.stabilization_window;
  rules.tolerance = p.tolerance;
  if (!p.policies.empty()) rules.policies.clear();
  for (const ScalingPolicyParams& policy : p.policies) {
    if (policy.pods > 0)
      rules.policies.push_back({hpa::PolicyType::kPods, policy.pods, policy.period});
    if (policy.percent > 0)
      rules.policies.push_back({hpa::PolicyType::kPercent, policy.percent, policy.period});
  }
  return rules;
}

// What avg_over_time makes of a gauge: the mean of the scrapes that the window holds.
void average_waiting(Pod& pod, std::size_t kept) {
  std::vector<i64>& scrapes = pod.waiting_scrapes;
  if (pod.scraped_at.ns < 0) return scrapes.clear();
  while (scrapes.size() >= kept) scrapes.erase(scrapes.begin());
  scrapes.push_back(pod.scraped.waiting_milli);
  pod.scraped.waiting_milli =
      std::accumulate(scrapes.begin(), scrapes.end(), i64{0}) / static_cast<i64>(scrapes.size());
}
}  // namespace

hpa::Spec spec_of(const AutoscalerParams& p) {
  hpa::Spec spec;
  spec.min_replicas = p.min_replicas;
  spec.max_replicas = p.max_replicas;
  if (p.cpu_utilization_percent > 0) {
    spec.metrics.push_back({hpa::MetricType::kResource, hpa::TargetType::kUtilization,
                            p.cpu_utilization_percent, true});
  }
  if (p.waiting_requests > 0) {
    spec.metrics.push_back({hpa::MetricType::kPods, hpa::TargetType::kAverageValue,
                            target_milli(p.waiting_requests), false});
  }
  for (const MetricParams& metric : p.metrics) spec.metrics.push_back(spec_of(metric));
  if (p.scale_up || p.scale_down) {
    hpa::Behavior behavior;
    behavior.down = hpa::default_scale_down(p.downscale_stabilization);
    if (p.scale_up) behavior.up = rules_of(*p.scale_up, behavior.up);
    if (p.scale_down) behavior.down = rules_of(*p.scale_down, behavior.down);
    spec.behavior = behavior;
  }
  return spec;
}

hpa::Flags flags_of(const AutoscalerParams& p) {
  hpa::Flags flags;
  flags.tolerance_up = flags.tolerance_down = p.tolerance;
  flags.cpu_initialization_period = p.cpu_initialization;
  flags.initial_readiness_delay = p.readiness_delay;
  flags.downscale_stabilization = p.downscale_stabilization;
  return flags;
}

struct Autoscalers::Source {
  enum class From : u8 { kCpu, kWaiting, kMemory, kQuery, kNobody } from = From::kCpu;
  MetricQuery query;
  bool zero_if_absent = false;
  i32 failures = 0;  // readings in a row
};

struct Autoscalers::Sources {
  explicit Sources(const Context& context) : metrics(context) {}
  // In the order of spec_of().
  static std::vector<Source> of_params(const AutoscalerParams& params);
  PodMetrics metrics;
  std::vector<std::vector<Source>> of;  // [workload][metric of the algorithm]
};

Autoscalers::Autoscalers(const Context& context, ApiServerPort& client, EventRecorder& events)
    : context_(context),
      client_(client),
      events_(events),
      component_(context.world.scheduler.add(this)),
      sources_(std::make_unique<Sources>(context)) {
  for (std::size_t w = 0; w < context.state.workloads.size(); ++w) {
    Scaler& scaler = scalers_.emplace_back();
    std::vector<Source>& sources = sources_->of.emplace_back();
    const auto& params = context.state.workloads[w].params.autoscaler;
    if (!params) continue;
    scaler.algorithm.emplace(spec_of(*params), flags_of(*params));
    sources = Sources::of_params(*params);
    for (const Source& source : sources)
      if (source.from == Source::From::kQuery)
        sources_->metrics.watch(static_cast<WorkloadId>(w), source.query);
    scaler.enabled = params->enabled;
  }
}

Autoscalers::~Autoscalers() = default;

const PodMetrics& Autoscalers::metrics() const { return sources_->metrics; }

std::vector<Autoscalers::Source> Autoscalers::Sources::of_params(const AutoscalerParams& p) {
  std::vector<Source> sources;
  const auto add = [&](Source::From from) { sources.emplace_back().from = from; };
  if (p.cpu_utilization_percent > 0) add(Source::From::kCpu);
  if (p.waiting_requests > 0) add(Source::From::kWaiting);
  for (const MetricParams& metric : p.metrics) {
    if (metric.query == kUnreadable)
      add(Source::From::kNobody);
    else if (metric.source == MetricSource::kResource)
      add(metric.query == "cpu" ? Source::From::kCpu : Source::From::kMemory);
    else
      add(Source::From::kQuery);
    Source& source = sources.back();
    source.zero_if_absent = metric.zero_if_absent;
    if (source.from != Source::From::kQuery) continue;
    source.query = parse_metric_query(metric.query);
    STAMPEDE_CHECK(source.query.error.empty(), "an autoscaler's query that was not checked");
  }
  return sources;
}

void Autoscalers::start() {
  World& world = context_.world;
  const StreamKey phase = world.stream(context_.path, "autoscaler_phase");
  // All kubelets have sampled before the first scrape, and it came before the first pass.
  const Duration sampled = context_.params.kubelet.probe_period;
  const Duration scraped = sampled + context_.params.scrape_period;
  const double scrape = uniform(draw(phase, UINT32_MAX));
  world.scheduler.after(sampled + from_seconds(scrape * context_.params.scrape_period.seconds()),
                        Priority::kControl, component_, kScrape);
  for (u32 w = 0; w < scalers_.size(); ++w) {
    if (!scalers_[w].algorithm) continue;
    const Duration period = context_.state.workloads[w].params.autoscaler->sync_period;
    world.scheduler.after(scraped + from_seconds(uniform(draw(phase, w)) * period.seconds()),
                          Priority::kControl, component_, kPass, w, 0);
  }
}

void Autoscalers::set_enabled(WorkloadId w, bool enabled) {
  Scaler& scaler = scalers_[w];
  if (!scaler.algorithm || scaler.enabled == enabled) return;
  scaler.enabled = enabled;
  if (enabled) scaler.algorithm->forget();
}

void Autoscalers::bound(WorkloadId w, i32 min_replicas, i32 max_replicas) {
  auto& params = context_.state.workloads[w].params.autoscaler;
  if (!params) return;
  params->min_replicas = min_replicas;
  params->max_replicas = max_replicas;
  scalers_[w].algorithm.emplace(spec_of(*params), flags_of(*params));
}

void Autoscalers::retuned(WorkloadId w, std::string_view key) {
  if (key == "enabled")
    return set_enabled(w, context_.state.workloads[w].params.autoscaler->enabled);
  scalers_[w].respec = true;
}

void Autoscalers::respec(WorkloadId w) {
  const AutoscalerParams& params = *context_.state.workloads[w].params.autoscaler;
  hpa::Spec spec = spec_of(params);
  spec.max_replicas = std::max(spec.max_replicas, spec.min_replicas);
  scalers_[w].algorithm->respec(std::move(spec), flags_of(params));
  std::vector<Source>& sources = sources_->of[w];
  std::vector<Source> next = Sources::of_params(params);
  // A metric that is there or not there is another list: failures are counted anew.
  for (std::size_t k = 0; next.size() == sources.size() && k < next.size(); ++k)
    next[k].failures = sources[k].failures;
  sources = std::move(next);
}

void Autoscalers::handle(const Event& event) {
  if (event.kind == kPass) return begin(static_cast<WorkloadId>(event.subject));
  context_.world.scheduler.after(context_.params.scrape_period, Priority::kControl, component_,
                                 kScrape);
  scrape();
}

void Autoscalers::scrape() {
  for (const Workload& workload : context_.state.workloads) {
    const std::size_t kept =
        workload.params.autoscaler
            ? static_cast<std::size_t>(workload.params.autoscaler->waiting_window.ns /
                                       context_.params.scrape_period.ns)
            : 0;
    for (const PodId id : workload.members) {
      Pod& pod = context_.state.pods[id];
      pod.scraped = pod.sampled;
      pod.scraped_at = pod.sampled_at;
      if (kept > 1) average_waiting(pod, kept);
    }
  }
  sources_->metrics.scrape();
}

void Autoscalers::submit(WorkloadId w, ApiVerb verb, ApiObject object, const ApiValue& value,
                         u64 reply) {
  ApiCall call;
  call.verb = verb;
  call.object = object;
  call.level = ApiLevel::kWorkloadHigh;
  call.user = kScalerUser;
  call.key = w;
  call.value = value;
  call.bytes = static_cast<i32>(context_.params.controllers.small_object_size.value);
  if (verb == ApiVerb::kList) {
    call.list_objects = static_cast<u32>(context_.state.workloads[w].counts.objects);
    call.bytes = static_cast<i32>(kMetricBytes * call.list_objects);
  }
  if (object == ApiObject::kScale) call.cause = scalers_[w].incident;
  if (reply == kPutScale) call.version = scalers_[w].scale_version;
  client_.submit(call, this, (reply << 56) | (u64{w} << 48) | (scalers_[w].pass & 0xffffffffu));
}

void Autoscalers::begin(WorkloadId w) {
  Scaler& scaler = scalers_[w];
  ++scaler.pass;
  if (!scaler.enabled) return end(w);
  if (std::exchange(scaler.respec, false)) respec(w);
  ++passes;
  submit(w, ApiVerb::kGet, ApiObject::kScale, {}, kGotScale);
}

void Autoscalers::end(WorkloadId w) {
  const Duration period = context_.state.workloads[w].params.autoscaler->sync_period;
  context_.world.scheduler.after(period, Priority::kControl, component_, kPass, w);
}

void Autoscalers::api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId) {
  const WorkloadId w = static_cast<WorkloadId>(tag >> 48);
  Scaler& scaler = scalers_[w];
  if (static_cast<u32>(tag) != scaler.pass) return;
  const bool ok = status == ApiStatus::kOk;
  if (!scaler.enabled) return end(w);
  switch (static_cast<Reply>(tag >> 56)) {
    case kGotScale: {
      if (!ok) {
        ++held;
        return end(w);
      }
      const Workload& workload = context_.state.workloads[w];
      scaler.seen = {};
      scaler.seen.spec_replicas = workload.scale_replicas;
      scaler.seen.status_replicas = workload.status_replicas;
      scaler.metric = 0;
      scaler.scale_version = call.version;
      return list(w);
    }
    case kGotMetrics:
      read_metric(w, ok);
      ++scaler.metric;
      return list(w);
    case kPutScale:
      if (ok) {
        ++scalings;
        scaler.algorithm->scaled(context_.world.now(), scaler.from, scaler.want);
        events_.emit(kScalerUser, scaler.incident);
      }
      return write_status(w);
    case kPutStatus:
      return end(w);
  }
}

void Autoscalers::list(WorkloadId w) {
  if (scalers_[w].metric >= scalers_[w].algorithm->spec().metrics.size()) return decide(w);
  submit(w, ApiVerb::kList, ApiObject::kMetrics, {}, kGotMetrics);
}

// The pods of the selector, as the informer shows them; all metrics of a pass refer to these.
void Autoscalers::list_pods(WorkloadId w) {
  Scaler& scaler = scalers_[w];
  const Workload& workload = context_.state.workloads[w];
  scaler.ids.clear();
  for (const PodId id : workload.members) {
    const Pod& pod = context_.state.pods[id];
    if (pod.gone) continue;
    scaler.ids.push_back(id);
    hpa::Pod& p = scaler.seen.pods.emplace_back();
    p.phase = pod.running ? hpa::PodPhase::kRunning : hpa::PodPhase::kPending;
    p.deleted = pod.deleting;
    if (pod.has_ready_condition) {
      p.ready = pod.api_ready;
      p.start = pod.started_at;
    }
    p.ready_transition = pod.ready_transition;
    p.request_milli = workload.params.cpu_request_milli;
  }
}

// One metric, as who serves it holds it now.
void Autoscalers::read_metric(WorkloadId w, bool available) {
  Scaler& scaler = scalers_[w];
  Source& source = sources_->of[w][scaler.metric];
  hpa::MetricReading& reading = scaler.seen.readings.emplace_back();
  reading.available = available && source.from != Source::From::kNobody;
  if (scaler.metric == 0) list_pods(w);
  const hpa::MetricSpec& spec = scaler.algorithm->spec().metrics[scaler.metric];
  if (source.from == Source::From::kQuery)
    read_query(w, source, spec, reading);
  else if (source.from != Source::From::kNobody)
    read_samples(w, source, reading);
  if (available) fall_back(w, source, spec, reading);
}

// KEDA's answer in place of a trigger that cannot be read: the value that asks for so many
// replicas.
void Autoscalers::fall_back(WorkloadId w, Source& source, const hpa::MetricSpec& spec,
                            hpa::MetricReading& reading) const {
  const auto& keda = context_.state.workloads[w].params.autoscaler->keda;
  if (!keda || spec.type != hpa::MetricType::kExternal) return;
  const bool failed = !reading.available || reading.values_milli.empty();
  source.failures = failed ? source.failures + 1 : 0;
  if (!failed || keda->fallback_failures == 0 || source.failures <= keda->fallback_failures ||
      spec.target_type != hpa::TargetType::kAverageValue)
    return;
  const i32 current = scalers_[w].seen.spec_replicas;
  i32 replicas = keda->fallback_replicas;
  if (keda->fallback == FallbackReplicas::kCurrent) replicas = current;
  if (keda->fallback == FallbackReplicas::kCurrentIfHigher) replicas = std::max(replicas, current);
  if (keda->fallback == FallbackReplicas::kCurrentIfLower) replicas = std::min(replicas, current);
  reading.available = true;
  reading.values_milli = {i64{replicas} * spec.target};
}

void Autoscalers::read_samples(WorkloadId w, const Source& source,
                               hpa::MetricReading& reading) const {
  if (source.from == Source::From::kMemory)
    reading.request_milli =
        static_cast<i64>(context_.state.workloads[w].params.memory_request.value) * 1000;
  for (const PodId id : scalers_[w].ids) {
    const Pod& pod = context_.state.pods[id];
    std::optional<hpa::Sample>& sample = reading.samples.emplace_back();
    if (pod.scraped_at.ns < 0) continue;
    sample.emplace();
    sample->milli = source.from == Source::From::kCpu      ? pod.scraped.cpu_milli
                    : source.from == Source::From::kMemory ? pod.scraped.memory_bytes * 1000
                                                           : pod.scraped.waiting_milli;
    sample->at = pod.scraped_at;
    sample->window = context_.params.kubelet.probe_period;
  }
}

void Autoscalers::read_query(WorkloadId w, const Source& source, const hpa::MetricSpec& spec,
                             hpa::MetricReading& reading) const {
  const MetricValues values = sources_->metrics.evaluate(w, source.query);
  if (spec.type == hpa::MetricType::kPods) {
    for (const PodId id : scalers_[w].ids) {
      std::optional<hpa::Sample>& sample = reading.samples.emplace_back();
      if (const auto value = values.of(id))
        sample = hpa::Sample{reported(*value), context_.world.now(), {}};
    }
    return;
  }
  if (const auto sum = values.sum())
    reading.values_milli.push_back(reported(*sum));
  else if (source.zero_if_absent)
    reading.values_milli.push_back(0);
}

void Autoscalers::decide(WorkloadId w) {
  Scaler& scaler = scalers_[w];
  scaler.seen.now = context_.world.now();
  const hpa::Decision decision = scaler.algorithm->reconcile(scaler.seen);
  const bool scale = decision.action == hpa::Action::kScale;
  scaler.from = scaler.seen.spec_replicas;
  scaler.want = scale ? decision.want : scaler.from;
  if (decision.action == hpa::Action::kNoMetrics) ++held;
  note_request(w, scaler.want);
  if (!scale) return write_status(w);
  submit(w, ApiVerb::kUpdate, ApiObject::kScale, ScaleValue{scaler.want}, kPutScale);
}

// The latest that the pods' samples carry.
IncidentId Autoscalers::cause_of_load(const Workload& workload) const {
  IncidentId latest = kNoIncident;
  for (const PodId id : workload.members)
    latest = std::max(latest, context_.state.pods[id].scraped.cause);
  return latest;
}

// An incident once for each time that the request passes what the GPUs can hold.
void Autoscalers::note_request(WorkloadId w, i32 want) {
  Scaler& scaler = scalers_[w];
  const ClusterState& state = context_.state;
  const i64 gpus = state.workloads[w].params.gpus_per_pod;
  const i64 wanted = state.wanted_gpus() + (i64{want} - state.workloads[w].scale_replicas) * gpus;
  const bool beyond = static_cast<double>(wanted) > (1 + context_.params.scale_up_alarm.value) *
                                                        static_cast<double>(state.total_gpus());
  if (!beyond) {
    scaler.incident = kNoIncident;
  } else if (!scaler.beyond && want > scaler.from) {
    scaler.incident = context_.world.incident(
        kScaleUpRequested, context_.path, {cause_of_load(context_.state.workloads[w])},
        fmt::format("{}: {} to {} replicas, {} GPUs wanted of {}", state.workloads[w].params.name,
                    scaler.from, want, wanted, state.total_gpus()));
  } else {
    return;
  }
  scaler.beyond = beyond;
}

void Autoscalers::write_status(WorkloadId w) {
  submit(w, ApiVerb::kUpdate, ApiObject::kAutoscaler, {}, kPutStatus);
}

}  // namespace stampede::cluster
