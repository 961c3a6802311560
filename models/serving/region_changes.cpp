// What is done to a region from outside: pods that hang, are slow or cannot be reached, whom its
// gateway turns away, other parameters while it runs. Its engines stand in region_pods.cpp.
#include <fmt/format.h>

#include <string>

#include "models/serving/region.h"

namespace stampede {

// ---- faults and gates --------------------------------------------------------------------------
u32 Region::afflict(const std::vector<PodId>& pods, PodFault fault, const char* kind,
                    IncidentId cause) {
  std::vector<PodId> struck;
  for (const PodId id : pods)
    if (id < pods_.size() && pods_[id].serving) struck.push_back(id);
  if (struck.empty()) return kNoFault;
  fault.id = ++last_fault_;
  fault.cause = world_.incident(kind, name_, {cause}, std::to_string(struck.size()) + " pods");
  for (const PodId id : struck) {
    fault.pod = id;
    faults_.add(fault);
    set_pace(id);
  }
  return fault.id;
}

u32 Region::hang(const std::vector<PodId>& pods, bool answers_probes, IncidentId cause) {
  PodFault fault;
  fault.kind = PodFaultKind::kHang;
  fault.answers_probes = answers_probes;
  return afflict(pods, fault, "pods_hung", cause);
}

u32 Region::slow(const std::vector<PodId>& pods, double factor, IncidentId cause) {
  PodFault fault;
  fault.kind = PodFaultKind::kSlow;
  fault.factor = factor;
  return afflict(pods, fault, "pods_slowed", cause);
}

// What waited there says why it is late, for whatever its lateness leads to.
void Region::blame_for_delay(PodId id) {
  const IncidentId cause = faults_.cause(id);
  if (cause == kNoIncident) return;
  for (const AttemptSlot slot : attempts_at(id)) {
    Attempt& a = (*wiring_.attempts)[slot];
    if (a.incident == kNoIncident) a.incident = cause;
  }
}

void Region::heal(u32 id, IncidentId healed) {
  faults_.for_each([&](const PodFault& f) {
    if (f.id == id) blame_for_delay(f.pod);
  });
  const std::vector<PodId> pods = faults_.remove([&](const PodFault& f) { return f.id == id; });
  if (pods.empty()) return;
  world_.incident("pods_healed", name_, {healed}, fmt::format("{} pods", pods.size()));
  for (const PodId pod : pods) set_pace(pod);
}

u64 Region::drop_connections(const std::vector<PodId>& pods, Duration handshake, IncidentId cause) {
  struct Stream {
    PodId pod;
    AttemptSlot attempt;
  };
  std::vector<Stream> streams;
  for (const PodId id : pods)
    for (const AttemptSlot slot : attempts_at(id)) streams.push_back({id, slot});
  const IncidentId dropped = world_.incident("connections_dropped", name_, {cause},
                                             fmt::format("{} streams end", streams.size()));
  for (const auto& [id, slot] : streams) {
    pods_[id].front_end.charge(handshake.seconds());
    if (!take_off(slot)) continue;
    drop(slot, Outcome::kTruncated, dropped);
    reschedule(id);
  }
  return streams.size();
}

IncidentId Region::lose_prefixes(Share share, IncidentId cause) {
  const StreamKey key = world_.stream(name_, "lost texts");
  const u32 number = losses_++;
  u64 blocks = 0;
  for (PodId id = 0; id < pods_.size(); ++id) {
    if (!pods_[id].engine) continue;
    advance(id);
    blocks += pods_[id].engine->lose_texts(engine_time(pods_[id]), [&](u64 name) {
      return uniform(draw(key, name, number, id)) < share.value;
    });
    reschedule(id);
  }
  if (blocks == 0) return kNoIncident;
  return world_.incident("cache_lost", name_, {cause},
                         fmt::format("engines lose what {} blocks hold", blocks));
}

u32 Region::turn_away(const TurnAway& whom, IncidentId cause) {
  return gate_.add(
      whom, world_.incident(
                "traffic_shed", name_, {cause},
                fmt::format("the gateway turns away {:g} % of the attempts", 100 * whom.share)));
}

void Region::let_in(u32 rule, IncidentId healed) {
  if (gate_.remove(rule)) world_.incident("traffic_let_in", name_, {healed}, "");
}

void Region::pod_cut_off(PodId id, IncidentId cause) {
  PodFault fault;
  fault.pod = id;
  fault.kind = PodFaultKind::kCutOff;
  fault.cause = cause;
  faults_.add(fault);
  pod(id);
  set_pace(id);
}

void Region::pod_reached(PodId id) {
  pod(id);
  blame_for_delay(id);
  faults_.remove([&](const PodFault& f) { return f.pod == id && f.kind == PodFaultKind::kCutOff; });
  set_pace(id);
}

// A new process does not hang where the old one did; the hardware is the same.
void Region::begin_anew(PodId id) {
  if (faults_.empty()) return;
  faults_.remove([&](const PodFault& f) { return f.pod == id && f.kind == PodFaultKind::kHang; });
  set_pace(id);
}

// ---- other parameters ---------------------------------------------------------------------------
void Region::retuned(const LiveChange& change) {
  if (change.path.starts_with("gateway.rate_limit.")) {
    limit_.retune(gateway_.rate_limit);
    limited_by_ = change.cause;
  } else if (change.path.starts_with("gateway.sessions.")) {
    resize_logins();
  } else if (change.path == "gateway.max_queue") {
    bounded_by_ = change.cause;
  } else if (change.path.find(".engine.") != std::string_view::npos) {
    for (std::size_t w = 0; w < params_.pools.size(); ++w)
      if (change.path.starts_with("serving.pools[" + std::to_string(w) + "]"))
        retune_engines(static_cast<WorkloadId>(w));
  }
}

// Who waits in line for a connection keeps the time-out that it came with.
void Region::resize_logins() {
  logins_.retune(gateway_.sessions);
  if (!held_) return;
  for (const AttemptSlot next : held_->retune(gateway_.sessions))
    world_.scheduler.at(world_.now(), Priority::kArrival, component_, kLoginGranted, next,
                        held_->ticket(next));
}

void Region::use_choice(WorkloadId workload, ReplicaChoice* choice) {
  wiring_.choice[workload] = choice;
  endpoints_[workload].connect(choice, wiring_.filters[workload]);
  endpoints_[workload].refilter(world_.now());
  await_filters(workload);
}

}  // namespace stampede
