// A region's way in: breaker, rate limit, log-in and the choice of a pool; and who is put out at a
// deadline.
#include <algorithm>
#include <utility>

#include "models/serving/refusals.h"
#include "models/serving/region.h"

namespace stampede {

Verdict Region::refuse_503(IncidentId cause) {
  ++counts_.refused_503;
  return {Outcome::kRejected503, gateway_.retry_after, cause};
}

Verdict Region::no_room(Bound bound, IncidentId cause, AttemptSlot slot) {
  refusals_->add(world_.now(), bound, cause, (*wiring_.attempts)[slot].incident);
  return refuse_503(cause);
}

Verdict Region::no_connection(AttemptSlot slot) {
  refusals_->add(world_.now(), Bound::kConnection, trouble(routes_.entries[0]),
                 (*wiring_.attempts)[slot].incident);
  ++counts_.auth_failed;
  return {Outcome::kAuthFailed, {}, overload_};
}

Verdict Region::admit(u64 session_key, u64 attempt_key, u16 class_id, IncidentId brought_by) {
  if (!gate_.empty()) [[unlikely]]
    if (const GateRules::Rule* rule = gate_.meets(attempt_key, class_id)) {
      ++(rule->whom.code == Outcome::kRejected503 ? counts_.refused_503 : counts_.refused_429);
      eased({rule->because, {}, class_id});
      return {rule->whom.code, gateway_.retry_after, rule->because};
    }
  const Verdict v = wiring_.safety->admit(session_key, id_);
  if (!v.accepted()) {
    ++counts_.refused_breaker;
    services_eased({v.incident});
    return v;
  }
  if (const Duration wait = limit_.take(world_.now()); wait.ns > 0) {
    ++counts_.refused_429;
    const IncidentId why = limited_by_ ? limited_by_ : overload_;
    refusals_->add(world_.now(), Bound::kRateLimit, why, brought_by);
    return {Outcome::kRejected429, wait, why};
  }
  return v;
}

void Region::eased(const Relief& relief) {
  eased(relief.by);
  services_eased(relief);
}

// ---- services that the gateway asks before it lets an attempt on ------------------------------
ServicePort* Region::services_of(AttemptSlot slot) const {
  const Attempt& a = (*wiring_.attempts)[slot];
  if (calls_.waits(slot)) return wiring_.services->work[pods_[a.pod].workload];
  return a.logs_in ? wiring_.services->log_in : wiring_.services->request;
}

void Region::services_eased(const Relief& relief) {
  if (wiring_.services == nullptr) return;
  const GatewayServices& asked = *wiring_.services;
  for (ServicePort* port : {asked.request, asked.log_in})
    if (port != nullptr) port->eased(relief);
  for (ServicePort* port : asked.work)
    if (port != nullptr) port->eased(relief);
}

bool Region::asks_services(AttemptSlot slot) const {
  if (wiring_.services == nullptr || asking_ == 0) return false;
  const ServicePort* port = services_of(slot);
  return port != nullptr && port->waits(slot);
}

// Nothing: the attempt may go on.
std::optional<Verdict> Region::ask_services(AttemptSlot slot) {
  ServicePort* port = services_of(slot);
  if (port == nullptr) return std::nullopt;
  const Attempt& a = (*wiring_.attempts)[slot];
  const auto reply = port->ask(a.session_key, slot, *this, a.incident);
  if (!reply) {
    ++holds_;
    ++asking_;
    return Verdict{};
  }
  if (reply->ok) return std::nullopt;
  return refused_by_service(slot, *reply);
}

Verdict Region::refused_by_service(AttemptSlot slot, const ServiceReply& reply) {
  const GatewayServices& asked = *wiring_.services;
  if (reply.stage < asked.name_stages) return {Outcome::kUnreachable, {}, reply.cause};
  if (!(*wiring_.attempts)[slot].logs_in || reply.stage >= asked.name_stages + asked.log_in_stages)
    return no_room(Bound::kService, reply.cause, slot);
  refusals_->add(world_.now(), Bound::kService, reply.cause, (*wiring_.attempts)[slot].incident);
  ++counts_.auth_failed;
  return {Outcome::kAuthFailed, {}, reply.cause};
}

void Region::service_replied(u32 slot, const ServiceReply& reply) {
  if (calls_.waits(slot)) return work_replied(slot, reply);
  --asking_;
  --holds_;
  const Verdict verdict = reply.ok ? log_in(slot) : refused_by_service(slot, reply);
  if (verdict.accepted()) return;
  ++holds_;
  drop(slot, verdict.code, verdict.incident);
}

Verdict Region::offer(AttemptSlot slot) {
  ++counts_.arrived;
  if (wiring_.services != nullptr) [[unlikely]]
    if (const auto verdict = ask_services(slot)) return *verdict;
  return log_in(slot);
}

Verdict Region::log_in(AttemptSlot slot) {
  Attempt& a = (*wiring_.attempts)[slot];
  const Instant now = world_.now();
  if (a.logs_in && held_) {
    if (!held_->take(slot, a.session_key, now)) {
      const Duration longest = gateway_.sessions.wait_timeout;
      if (longest.ns == 0) {
        hand_on_connection(slot);
        return no_connection(slot);
      }
      login_timeouts_.push(now + longest, slot, held_->ticket(slot),
                           [&](u32 k, u32 ticket) { return held_->waits(k, ticket); });
      ++holds_;
      return {};
    }
    ++counts_.logins;
  } else if (a.logs_in) {
    const Duration wait = logins_.acquire(now);
    if (wait.ns < 0) return no_connection(slot);
    if (wait.ns > 0) {
      world_.scheduler.after(wait, Priority::kArrival, component_, kLoginTurn, slot,
                             turns_.wait(slot));
      ++holds_;
      return {};
    }
  }
  const Verdict verdict = to_pod(slot);
  if (verdict.accepted())
    ++holds_;
  else
    hand_on_connection(slot);
  return verdict;
}

// The first pool that takes the request and has an endpoint; if none has, the first that takes it.
WorkloadId Region::pool_for(const Attempt& a) const {
  const auto too_long = [&](WorkloadId w) {
    const i64 most = params_.pools[w].max_prompt;
    return most > 0 && a.prompt > most;
  };
  if (wiring_.pools_of.empty()) return too_long(routes_.entries[0]) ? kNoPool : routes_.entries[0];
  WorkloadId first = kNoPool;
  for (const WorkloadId w : wiring_.pools_of[a.asked_by]) {
    if (too_long(w)) continue;
    if (endpoints_[w].size() > 0) return w;
    if (first == kNoPool) first = w;
  }
  return first;
}

// The one before it in line has given its connection back.
void Region::login_granted(AttemptSlot slot) {
  ++counts_.logins;
  counts_.login_wait_ns += held_->waited(slot, world_.now()).ns;
  logged_in(slot);
}

void Region::logged_in(AttemptSlot slot) {
  if (const Verdict verdict = to_pod(slot); !verdict.accepted())
    drop(slot, verdict.code, verdict.incident);
}

// By an event of its own: the caller may stand in the middle of an engine's step.
void Region::hand_on_connection(AttemptSlot slot) {
  if (!held_) return;
  const AttemptSlot next = held_->give_back(slot);
  if (next != kNoSlot)
    world_.scheduler.at(world_.now(), Priority::kArrival, component_, kLoginGranted, next,
                        held_->ticket(next));
}

void Region::register_login_stats() {
  StatsTable& t = world_.stats;
  t.counter(name_, "logins_total", "log-ins that got a connection", &counts_.logins);
  t.counter(name_, "auth_failed_total", "log-ins that got none", &counts_.auth_failed);
  t.counter(name_, "login_wait_seconds_total", "s", "waits of those that got a connection",
            [this] { return static_cast<double>(counts_.login_wait_ns) * 1e-9; });
  t.gauge(name_, "logins_waiting", "1", "attempts that wait for a connection",
          [this] { return static_cast<double>(held_->waiting()); });
}

// ---- requests held back from a saturated pool ---------------------------------------------------
void Region::begin_flow_control() {
  if (!gateway_.flow_control) return;
  flow_ = std::make_unique<FlowControl>(*gateway_.flow_control, params_.pools.size());
  world_.scheduler.after(gateway_.flow_control->scrape_period, Priority::kArrival, component_,
                         kFlowLook);
  StatsTable& t = world_.stats;
  t.gauge(name_, "flow_control_held", "1", "requests that the gateway holds back",
          [this] { return static_cast<double>(flow_->held()); });
  t.counter(name_, "flow_control_refused_total", "requests refused because their pool is saturated",
            &counts_.flow_shed);
  t.counter(name_, "flow_control_expired_total", "requests that were held too long",
            &counts_.flow_expired);
}

// Nothing: the attempt may go on.
std::optional<Verdict> Region::held_back(WorkloadId workload, AttemptSlot slot) {
  const Attempt& a = (*wiring_.attempts)[slot];
  switch (flow_->ask(workload, a)) {
    case FlowControl::Answer::kGo:
      flow_->sent(workload);
      return std::nullopt;
    case FlowControl::Answer::kHold:
      flow_timeouts_.push(world_.now() + gateway_.flow_control->hold_timeout, slot,
                          flow_->hold(workload, slot, a),
                          [&](u32 k, u32 ticket) { return flow_->holds(k, ticket); });
      return Verdict{};
    case FlowControl::Answer::kRefuse:
      break;
  }
  ++counts_.flow_shed;
  ++counts_.refused_429;
  refusals_->add(world_.now(), Bound::kSaturation, trouble(workload), a.incident);
  return Verdict{Outcome::kRejected429, gateway_.retry_after, trouble(workload)};
}

void Region::look_at_flows() {
  std::vector<PodGauges> seen;
  for (const WorkloadId w : routes_.entries) {
    seen.clear();
    for (const PodId pod : endpoints_[w].open()) seen.push_back(gauges(pod));
    flow_->look(w, seen);
    while (flow_->held(w) > 0 && flow_->saturation(w) < 1) {
      const AttemptSlot slot = flow_->next(w);
      flow_->sent(w);
      if (const Verdict verdict = place(w, slot); !verdict.accepted())
        drop(slot, verdict.code, verdict.incident);
    }
  }
  world_.scheduler.after(gateway_.flow_control->scrape_period, Priority::kArrival, component_,
                         kFlowLook);
}

// ---- deadlines: servers that give up an attempt at a time ---------------------------------------
// After everything else of its instant: the client has left by itself, if it did.
void Region::await_deadlines(AttemptSlot slot) {
  if (slot >= stays_.size()) stays_.resize(slot + 1);
  const Deadlines due = wiring_.deadline->enforced(wiring_.clients->deadlines(slot));
  for (const auto& [at, kind] :
       {std::pair{due.first_token, kFirstTokenDue}, {due.answer, kAnswerDue}})
    if (at != kNever)
      world_.scheduler.at(std::max(at, world_.now()), Priority::kArrival, component_, kind, slot,
                          stays_[slot]);
}

void Region::deadline_passed(const Event& event) {
  const AttemptSlot slot = event.subject;
  if (stays_[slot] != event.argument) return;  // it has left
  const bool first = event.kind == kFirstTokenDue;
  if (first && streams(slot)) return;
  const Attempt& a = (*wiring_.attempts)[slot];
  if (a.request != kNoSlot) {  // by now perhaps that of another try, whose client waits longer
    const Deadlines due = wiring_.deadline->enforced(wiring_.clients->deadlines(slot));
    const Instant at = first ? due.first_token : due.answer;
    if (at == kNever) return;
    if (at > world_.now()) {
      world_.scheduler.at(at, Priority::kArrival, component_, event.kind, slot, event.argument);
      return;
    }
  }
  const PodId id = a.pod;
  if (!take_off(slot)) return;
  ++counts_.expired;
  drop(slot, Outcome::kTimeout, overload_);
  reschedule(id);
}

}  // namespace stampede
