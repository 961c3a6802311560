#include "models/cluster/keda.h"

#include <algorithm>

#include "models/cluster/pod_metrics.h"

namespace stampede::cluster {

Keda::Keda(const Context& context, ApiServerPort& client, const Autoscalers& autoscalers)
    : context_(context),
      client_(client),
      autoscalers_(autoscalers),
      component_(context.world.scheduler.add(this)) {
  for (const Workload& workload : context.state.workloads) {
    Object& object = objects_.emplace_back();
    const auto& params = workload.params.autoscaler;
    if (!params || !params->keda) continue;
    for (const MetricParams& metric : params->metrics) {
      if (metric.source != MetricSource::kExternal) continue;
      Trigger& trigger = object.triggers.emplace_back();
      trigger.activation = metric.activation;
      trigger.zero_if_absent = metric.zero_if_absent;
      if (metric.query != kUnreadable) trigger.query = parse_metric_query(metric.query);
    }
  }
}

void Keda::start() {
  const StreamKey phase = context_.world.stream(context_.path, "keda_phase");
  const Duration scraped = context_.params.kubelet.probe_period + context_.params.scrape_period * 2;
  for (std::size_t w = 0; w < objects_.size(); ++w) {
    if (objects_[w].triggers.empty()) continue;
    const Duration period = context_.state.workloads[w].params.autoscaler->keda->polling_interval;
    context_.world.scheduler.after(
        scraped + from_seconds(uniform(draw(phase, w)) * period.seconds()), Priority::kControl,
        component_, 0, static_cast<u32>(w));
  }
}

void Keda::handle(const Event& event) {
  const auto w = static_cast<WorkloadId>(event.subject);
  context_.world.scheduler.after(
      context_.state.workloads[w].params.autoscaler->keda->polling_interval, Priority::kControl,
      component_, 0, w);
  if (autoscalers_.enabled(w)) poll(w);
}

void Keda::poll(WorkloadId w) {
  Object& object = objects_[w];
  ++object.poll;
  object.active = object.failed = false;
  for (const Trigger& trigger : object.triggers) {
    std::optional<double> value;
    if (trigger.query) value = autoscalers_.metrics().evaluate(w, *trigger.query).sum();
    if (!value && trigger.query && trigger.zero_if_absent) value = 0;
    object.failed = object.failed || !value;
    object.active = object.active || (value && *value > trigger.activation);
  }
  if (object.active) object.last_active = context_.world.now();
  submit(w, ApiVerb::kGet, 0, kAnyVersion);
}

// What the scale shall become; nothing: it stays, or the autoscaler decides.
std::optional<i32> Keda::wanted(WorkloadId w, i32 current) const {
  const Object& object = objects_[w];
  const AutoscalerParams& scaler = *context_.state.workloads[w].params.autoscaler;
  const KedaParams& keda = *scaler.keda;
  const i32 least = keda.min_replicas == 0 ? 0 : scaler.min_replicas;
  if (object.active) {
    const bool asleep = keda.idle_replicas ? current < least : current == 0;
    return asleep ? std::optional(std::max(1, least)) : std::nullopt;
  }
  if (object.failed) {
    const bool falls_back = keda.fallback_failures > 0 && keda.fallback_replicas > 0;
    return falls_back && current != keda.fallback_replicas && current == 0
               ? std::optional(keda.fallback_replicas)
               : std::nullopt;
  }
  const i32 asleep = keda.idle_replicas.value_or(0);
  if ((keda.idle_replicas && current > asleep) || (current > 0 && least == 0)) {
    const bool never = object.last_active.ns < 0;
    const Duration waited = context_.world.now() - (never ? Instant{} : object.last_active);
    return waited > (never ? keda.initial_cooldown : keda.cooldown) ? std::optional(asleep)
                                                                    : std::nullopt;
  }
  return current < least && !keda.idle_replicas ? std::optional(least) : std::nullopt;
}

void Keda::submit(WorkloadId w, ApiVerb verb, i32 replicas, u32 version) {
  ApiCall call;
  call.verb = verb;
  call.object = ApiObject::kScale;
  call.level = ApiLevel::kWorkloadLow;
  call.user = kKedaUser;
  call.key = w;
  if (verb == ApiVerb::kUpdate) call.value = ScaleValue{replicas};
  call.bytes = static_cast<i32>(context_.params.controllers.small_object_size.value);
  call.version = version;
  client_.submit(call, this, u64{w} << 32 | objects_[w].poll);
}

void Keda::api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId) {
  const auto w = static_cast<WorkloadId>(tag >> 32);
  if (objects_[w].poll != static_cast<u32>(tag) || status != ApiStatus::kOk) return;
  if (call.verb == ApiVerb::kUpdate) {
    ++scalings;
    return;
  }
  if (!autoscalers_.enabled(w)) return;
  if (const auto replicas = wanted(w, context_.state.workloads[w].scale_replicas))
    submit(w, ApiVerb::kUpdate, *replicas, call.version);
}

}  // namespace stampede::cluster
