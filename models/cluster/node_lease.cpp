#include "models/cluster/node_lease.h"

#include <utility>

namespace stampede::cluster {
namespace {
enum Kind : u8 { kRenew, kRepeat, kRead, kStatus, kLook };
enum Reply : u64 { kLeaseReply, kStatusReply };
constexpr Duration kRetryAfter = 1_s;
}  // namespace

NodeLeases::NodeLeases(const Context& context, ApiServerPort& api)
    : context_(context),
      api_(api),
      component_(context.world.scheduler.add(this)),
      phase_(context.world.stream(context.path, "lease_phase")),
      jitter_(context.world.stream(context.path, "lease_jitter")),
      leases_(context.state.nodes.size()) {}

void NodeLeases::start() {
  const KubeletParams& p = context_.params.kubelet;
  for (u32 n = 0; n < leases_.size(); ++n) {
    const Words w = draw(phase_, n);
    context_.world.scheduler.after(from_seconds(uniform(w) * p.lease_period.seconds()),
                                   Priority::kControl, component_, kRenew, n);
    context_.world.scheduler.after(from_seconds(uniform2(w) * p.node_status_period.seconds()),
                                   Priority::kControl, component_, kStatus, n);
  }
}

void NodeLeases::handle(const Event& event) {
  const NodeId node = event.subject;
  const bool silent = context_.state.nodes[node].silent();
  if (silent && event.kind <= kRead) {
    context_.state.nodes[node].lease_failed = context_.state.nodes[node].harmed_by;
    return wait(node);
  }
  switch (event.kind) {
    case kRenew:
      leases_[node].tries = 0;
      leases_[node].reads = 0;
      leases_[node].reading = leases_[node].second_round = leases_[node].conflict = false;
      if (services_ == nullptr) return renew(node);
      if (const auto reply =
              services_->ask(node, node, *this, context_.state.nodes[node].lease_failed))
        service_replied(node, *reply);
      return;
    case kRepeat:
      return send(node);
    case kRead:
      leases_[node].try_ends = context_.world.now() + context_.params.kubelet.lease_deadline;
      return send(node);
    case kStatus:
      context_.world.scheduler.after(context_.params.kubelet.node_status_period, Priority::kControl,
                                     component_, kStatus, node);
      if (!silent) write_status(node);
      return;
    case kLook:
      leases_[node].look_pending = false;
      if (!silent) look_at_status(node);
      return;
  }
}

void NodeLeases::service_replied(u32 node, const ServiceReply& reply) {
  const bool silent = context_.state.nodes[node].silent();
  if (reply.ok && !silent) return renew(node);
  if (silent) return wait(node);
  ++failures;
  if (reply.cause != kNoIncident) context_.state.nodes[node].lease_failed = reply.cause;
  wait(node);
}

void NodeLeases::renew(NodeId node) {
  ++leases_[node].tries;
  leases_[node].try_ends = context_.world.now() + context_.params.kubelet.lease_deadline;
  send(node);
}

void NodeLeases::send(NodeId node) {
  const KubeletParams& p = context_.params.kubelet;
  Lease& lease = leases_[node];
  ApiCall call;
  call.verb = lease.reading ? ApiVerb::kGet : ApiVerb::kUpdate;
  call.object = ApiObject::kLease;
  call.level = ApiLevel::kNodeHigh;
  call.user = kKubeletUser + node;
  call.key = node;
  call.bytes = static_cast<i32>(p.lease_size.value);
  if (!lease.reading) call.version = lease.version;
  const Duration left = lease.try_ends - context_.world.now();
  call.deadline = left.ns > 0 ? left : p.lease_deadline;
  call.cause = context_.state.nodes[node].lease_failed;
  ++calls;
  api_.submit(call, this, (static_cast<u64>(kLeaseReply) << 32) | node);
}

void NodeLeases::api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) {
  const NodeId node = static_cast<NodeId>(tag);
  Lease& lease = leases_[node];
  if ((tag >> 32) == kStatusReply) {
    lease.status_busy = false;
    return;
  }
  const Instant now = context_.world.now();
  if (status == ApiStatus::kOk) {
    lease.version = call.version;
    if (!lease.reading) {
      context_.state.nodes[node].lease_failed = kNoIncident;
      return wait(node);
    }
    lease.reading = false;
    if (!std::exchange(lease.conflict, false) ||
        lease.tries >= context_.params.kubelet.lease_tries) {
      if (lease.second_round) return wait(node);
      lease.second_round = true;
      lease.tries = 0;
    }
    return renew(node);
  }
  if (status == ApiStatus::kConflict) {
    ++conflicts;
    lease.reading = lease.conflict = true;
    context_.world.scheduler.after(1_ns, Priority::kControl, component_, kRead, node);
    return;
  }
  ++failures;
  if (incident != kNoIncident) context_.state.nodes[node].lease_failed = incident;
  if (status == ApiStatus::kTooManyRequests && now + kRetryAfter < lease.try_ends) {
    context_.world.scheduler.after(kRetryAfter, Priority::kControl, component_, kRepeat, node);
    return;
  }
  try_failed(node);
}

void NodeLeases::try_failed(NodeId node) {
  const KubeletParams& p = context_.params.kubelet;
  Lease& lease = leases_[node];
  if (!lease.reading && lease.tries < p.lease_tries) return renew(node);
  if (lease.second_round) return wait(node);
  lease.reading = true;
  Duration delay = 1_ns;  // the first read follows at once
  if (lease.reads > 0)
    delay = doubling(p.lease_backoff_first, p.lease_backoff_longest, lease.reads);
  ++lease.reads;
  context_.world.scheduler.after(delay, Priority::kControl, component_, kRead, node);
}

void NodeLeases::wait(NodeId node) {
  const KubeletParams& p = context_.params.kubelet;
  const double u = uniform(draw(jitter_, node, leases_[node].rounds++));
  const Duration period = from_seconds(p.lease_period.seconds() * (1.0 + p.lease_jitter.value * u));
  context_.world.scheduler.after(period, Priority::kControl, component_, kRenew, node);
}

// A kubelet that finds its node given up says that it is well: not at once, but when it next looks.
void NodeLeases::node_given_up(NodeId node) {
  if (leases_[node].look_pending) return;
  leases_[node].look_pending = true;
  const i64 period = context_.params.kubelet.node_status_look.ns;
  const auto phase = static_cast<i64>(uniform(draw(phase_, node, 1)) * static_cast<double>(period));
  const i64 now = context_.world.now().ns;
  const i64 next = now + period - (now + period - phase) % period;
  context_.world.scheduler.at(Instant{next}, Priority::kControl, component_, kLook, node);
}

// It registers with its status, and looks at what stands there from then on.
void NodeLeases::node_speaks(NodeId node) {
  write_status(node);
  node_given_up(node);
}

void NodeLeases::look_at_status(NodeId node) {
  if (context_.state.nodes[node].api_ready) return;
  write_status(node);
  node_given_up(node);
}

void NodeLeases::write_status(NodeId node) {
  if (leases_[node].status_busy) return;
  leases_[node].status_busy = true;
  ++statuses;
  ApiCall call;
  call.verb = ApiVerb::kUpdate;
  call.object = ApiObject::kNodeStatus;
  call.level = ApiLevel::kNodeHigh;
  call.user = kKubeletUser + node;
  call.key = node;
  call.value = NodeStatusValue{NodeCondition::kReady};
  call.bytes = static_cast<i32>(context_.params.kubelet.node_status_size.value);
  call.deadline = context_.params.kubelet.node_status_look;  // kubelet's client for heartbeats
  call.cause = context_.state.nodes[node].lease_failed;
  api_.submit(call, this, (static_cast<u64>(kStatusReply) << 32) | node);
}

}  // namespace stampede::cluster
