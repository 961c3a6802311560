#include "models/cluster/endpoint_slices.h"

#include <algorithm>
#include <utility>

#include "models/cluster/pod_edit.h"

namespace stampede::cluster {
namespace {
enum Kind : u8 { kSync, kRetry, kPublish };
}

EndpointSlices::EndpointSlices(const Context& context, ApiServerPort& client)
    : context_(context), client_(client), component_(context.world.scheduler.add(this)) {
  services_.resize(context.state.workloads.size());
}

bool EndpointSlices::listed_ready(const Pod& pod) const {
  if (pod.gone || pod.deleting || !pod.created) return false;
  return pod.api_ready || (context_.params.endpoints.publish_not_ready && pod.running);
}

u32 EndpointSlices::slice_for(Service& service) {
  const std::size_t most = static_cast<std::size_t>(context_.params.endpoints.slice_endpoints);
  for (std::size_t i = 0; i < service.slices.size(); ++i)
    if (service.slices[i].members.size() < most) return static_cast<u32>(i);
  service.slices.emplace_back();
  return static_cast<u32>(service.slices.size() - 1);
}

void EndpointSlices::adopt(PodId id) {
  Pod& pod = context_.state.pods[id];
  Service& service = services_[pod.workload];
  pod.slice = slice_for(service);
  Slice& slice = service.slices[pod.slice];
  slice.members.push_back(id);
  slice.seen.push_back(id);
}

void EndpointSlices::publish_adopted() {
  for (std::size_t w = 0; w < services_.size(); ++w) publish(static_cast<WorkloadId>(w));
}

void EndpointSlices::pod_changed(PodId id, IncidentId cause) {
  Pod& pod = context_.state.pods[id];
  Service& service = services_[pod.workload];
  if (pod.slice == UINT32_MAX) {
    if (!listed_ready(pod)) return;
    pod.slice = slice_for(service);
    service.slices[pod.slice].members.push_back(id);
  } else if (pod.gone) {
    std::erase(service.slices[pod.slice].members, id);
  }
  mark(pod.workload, pod.slice, cause);
}

void EndpointSlices::mark(WorkloadId w, u32 slice, IncidentId cause) {
  Service& service = services_[w];
  service.slices[slice].dirty = true;
  if (cause != kNoIncident) service.cause = cause;
  if (service.scheduled) return;
  service.scheduled = true;
  Duration delay = context_.params.endpoints.batch_period;
  if (delay.ns < 1) delay.ns = 1;
  context_.world.scheduler.after(delay, Priority::kControl, component_, kSync, w);
}

void EndpointSlices::handle(const Event& event) {
  const WorkloadId w = static_cast<WorkloadId>(event.subject);
  switch (event.kind) {
    case kSync:
      services_[w].scheduled = false;
      return sync(w);
    case kRetry:
      return sync(w);
    case kPublish:
      services_[w].view_scheduled = false;
      return publish(w);
  }
}

void EndpointSlices::sync(WorkloadId w) {
  Service& service = services_[w];
  if (service.busy) {
    service.again = true;
    return;
  }
  service.again = false;
  for (Slice& slice : service.slices) {
    slice.due = slice.due || slice.dirty;
    slice.dirty = false;
  }
  write_next(w);
}

void EndpointSlices::write_next(WorkloadId w) {
  Service& service = services_[w];
  const EndpointParams& p = context_.params.endpoints;
  for (std::size_t i = 0; i < service.slices.size(); ++i) {
    Slice& slice = service.slices[i];
    if (!slice.due) continue;
    slice.due = false;
    Revision revision{version_ + 1, {}};
    for (const PodId id : slice.members)
      if (listed_ready(context_.state.pods[id])) revision.ready.push_back(id);
    if (std::exchange(slice.conflicted, false) && revision.ready == slice.seen) continue;
    service.busy = true;
    ++version_;
    ApiCall call;
    call.verb = ApiVerb::kUpdate;
    call.object = ApiObject::kEndpointSlice;
    call.level = ApiLevel::kWorkloadHigh;
    call.user = kEndpointUser;
    call.key = (u32{w} << 16) | static_cast<u32>(i);
    call.value = EndpointSliceValue{version_};
    call.version = slice.version;
    call.bytes = static_cast<i32>(p.slice_size.value +
                                  p.endpoint_size.value * static_cast<i64>(slice.members.size()));
    call.cause = service.cause;
    slice.sent.push_back(std::move(revision));
    ++writes;
    client_.submit(call, this, (u64{w} << 32) | i);
    return;
  }
  service.failures = 0;
  service.failed_by = kNoIncident;
  // All is written: the next change has a cause of its own.
  if (std::none_of(service.slices.begin(), service.slices.end(),
                   [](const Slice& slice) { return slice.dirty; }))
    service.cause = kNoIncident;
  if (service.again) sync(w);
}

void EndpointSlices::api_replied(u64 tag, const ApiCall& call, ApiStatus status,
                                 IncidentId incident) {
  const WorkloadId w = static_cast<WorkloadId>(tag >> 32);
  Service& service = services_[w];
  Slice& slice = service.slices[static_cast<u32>(tag)];
  service.busy = false;
  if (status == ApiStatus::kOk) {
    slice.version = call.version;
    return write_next(w);
  }
  ++writes_failed;
  slice.due = true;
  slice.conflicted = status == ApiStatus::kConflict;
  if (incident != kNoIncident) service.failed_by = incident;
  const EndpointParams& p = context_.params.endpoints;
  const Duration delay = doubling(p.retry_first, p.retry_longest, ++service.failures);
  if (!context_.world.scheduler.pending(service.retry))
    service.retry =
        context_.world.scheduler.after(delay, Priority::kControl, component_, kRetry, w);
  if (service.again) sync(w);  // a change came meanwhile: its pass does not wait for the backoff
}

// ---- the data plane's side -------------------------------------------------------------------
void EndpointSlices::api_changed(const ApiChange& change) {
  const WorkloadId w = static_cast<WorkloadId>(change.key >> 16);
  Service& service = services_[w];
  Slice& slice = service.slices[change.key & 0xffff];
  slice.version = std::max(slice.version, change.version);
  const u64 version = std::get<EndpointSliceValue>(change.value).version;
  while (!slice.sent.empty() && slice.sent.front().version < version) slice.sent.pop_front();
  if (slice.sent.empty() || slice.sent.front().version != version) return;
  slice.seen = std::move(slice.sent.front().ready);
  slice.sent.pop_front();
  if (change.cause != kNoIncident) service.view_cause = change.cause;
  if (service.view_scheduled) return;
  service.view_scheduled = true;
  const Instant now = context_.world.now();
  const Instant earliest = service.published + context_.params.endpoints.sync_period;
  context_.world.scheduler.at(earliest > now ? earliest : now + 1_ns, Priority::kControl,
                              component_, kPublish, w);
}

void EndpointSlices::publish(WorkloadId w) {
  Service& service = services_[w];
  service.published = context_.world.now();
  std::vector<PodId> fresh;
  for (const Slice& slice : service.slices)
    fresh.insert(fresh.end(), slice.seen.begin(), slice.seen.end());
  std::sort(fresh.begin(), fresh.end());
  std::vector<PodId> changed;
  std::set_symmetric_difference(fresh.begin(), fresh.end(), service.routable.begin(),
                                service.routable.end(), std::back_inserter(changed));
  if (changed.empty()) return;
  for (const PodId id : changed) {
    PodEdit e(context_.state, id);
    e->routable = !e->routable;
  }
  service.routable = std::move(fresh);
  ++publications;
  const IncidentId cause = service.view_cause;
  service.view_cause = kNoIncident;
  for (EndpointConsumer* consumer : consumers_)
    consumer->endpoints_changed(w, service.routable, cause);
}

}  // namespace stampede::cluster
