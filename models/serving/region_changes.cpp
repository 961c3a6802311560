// What is done to a region from outside: pods that hang, are slow or cannot be reached, whom its
// gateway turns away, other parameters while it runs, versions that its processes run. Its engines
// stand in region_pods.cpp.
#include <fmt/format.h>

#include <string>

#include "models/serving/region.h"
#include "models/serving/running_versions.h"

namespace stampede {
namespace {

const IncidentKind kOutOfMemory{"out_of_memory",
                                "processes that leak are killed for the memory they hold"};
const IncidentKind kProcessesCrash{"processes_crash", "processes of a version die of themselves"};

const IncidentKind kProcessesRefuse{"processes_refuse", "processes of a version refuse requests"};
const IncidentKind kProcessesAnswerWrong{"processes_answer_wrong",
                                         "processes of a version give wrong answers"};
const IncidentKind kProcessesSlow{"processes_slow", "processes of a version are slow"};

const IncidentKind kPodsHealed{"pods_healed", "hung or slow pods work as before"};
const IncidentKind kConnectionsDropped{"connections_dropped",
                                       "streams and idle connections of pods end"};
const IncidentKind kTrafficShed{
    "traffic_shed",
    "the gateway turns a share of the traffic away: somebody wants it, or it has no policy"};
const IncidentKind kTrafficLetIn{"traffic_let_in", "the gateway lets it in again"};
const IncidentKind kPodsHung{"pods_hung", "pods make no progress"};
const IncidentKind kPodsSlowed{"pods_slowed", "pods are slower by a factor"};

}  // namespace

// ---- faults and gates --------------------------------------------------------------------------
u32 Region::afflict(const std::vector<PodId>& pods, PodFault fault, const IncidentKind& kind,
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
  return afflict(pods, fault, kPodsHung, cause);
}

u32 Region::slow(const std::vector<PodId>& pods, double factor, IncidentId cause) {
  PodFault fault;
  fault.kind = PodFaultKind::kSlow;
  fault.factor = factor;
  return afflict(pods, fault, kPodsSlowed, cause);
}

// What waited there says why it is late, for whatever its lateness leads to.
void Region::blame_for_delay(PodId id, IncidentId cause) {
  if (cause == kNoIncident) return;
  for (const AttemptSlot slot : attempts_at(id)) {
    Attempt& a = (*wiring_.attempts)[slot];
    if (a.incident == kNoIncident) a.incident = cause;
  }
}

void Region::heal(u32 id, IncidentId healed) {
  IncidentId fault = kNoIncident;
  faults_.for_each([&](const PodFault& f) {
    if (f.id != id) return;
    blame_for_delay(f.pod, ailment(f.pod));
    fault = f.cause;
  });
  const PodFaults before = faults_;
  const std::vector<PodId> pods = faults_.remove([&](const PodFault& f) { return f.id == id; });
  if (pods.empty()) return;
  std::size_t well = 0, better = 0;
  for (const PodId pod : pods) {
    well += faults_.cause(pod) == kNoIncident;
    better += faults_.pace(pod) != before.pace(pod) ||
              faults_.answers_probes(pod) != before.answers_probes(pod);
  }
  world_.ease(kPodsHealed, name_, fault, {healed}, fmt::format("{} pods", well),
              well > 0     ? Remains::kNothing
              : better > 0 ? Remains::kLess
                           : Remains::kAsMuch);
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
  const IncidentId dropped = world_.incident(kConnectionsDropped, name_, {cause},
                                             fmt::format("{} streams end", streams.size()));
  for (const auto& [id, slot] : streams) {
    pods_[id].front_end.charge(handshake.seconds());
    if (!take_off(slot)) continue;
    drop(slot, Outcome::kTruncated, dropped);
    reschedule(id);
  }
  return streams.size();
}

u32 Region::turn_away(const TurnAway& whom, IncidentId cause) {
  const IncidentId shed = world_.incident(
      kTrafficShed, name_, {cause},
      fmt::format("the gateway turns away {:g} % of the attempts", 100 * whom.share));
  return gate_.add(whom, shed);
}

void Region::let_in(u32 rule, IncidentId healed) {
  if (const auto gone = gate_.remove(rule))
    world_.ease(kTrafficLetIn, name_, gone->because, {healed}, "", gone->remains);
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
  blame_for_delay(id, ailment(id));
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
// Changes of what an attempt's time here depends on. Trouble that was there before has other
// reasons.
void Region::note_tuning(const LiveChange& change) {
  constexpr Duration kLately = 60_s;
  const bool troubled =
      overload_ != kNoIncident || strained_for_no_reason() ||
      (unexplained_delay_ != kNever && world_.now() - unexplained_delay_ < kLately);
  if (change.cause == kNoIncident)
    for (PodId id = 0; id < pods_.size(); ++id) blame_for_delay(id, tuned_.in_force());
  if (change.cause == kNoIncident || !troubled)
    tuned_.note(change.path, change.cause, world_.now());
}

void Region::retuned(const LiveChange& change) {
  eased(change.by);
  if (change.path.starts_with("serving.") || change.path.starts_with("gateway.sessions."))
    note_tuning(change);
  if (change.path.starts_with("gateway.rate_limit.")) {
    limit_.retune(gateway_.rate_limit);
    limited_by_ = change.cause;
    services_eased({change.by, change.path});
  } else if (change.path.starts_with("gateway.sessions.")) {
    resize_logins();
  } else if (change.path.ends_with(".front_end.max_peers")) {
    for (std::size_t w = 0; w < params_.pools.size(); ++w)
      fewer_peers(static_cast<WorkloadId>(w), change.by);
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

// ---- versions -----------------------------------------------------------------------------------

u32 Region::bring(const VersionSpread& version, IncidentId cause) {
  if (!versions_) versions_ = std::make_unique<RunningVersions>();
  return versions_->add(version, cause);
}

void Region::spread_to(u32 number, double threshold, bool at_once, IncidentId cause) {
  RunningVersions::Version& v = versions_->version(number);
  if (threshold < v.threshold) versions_->taken_back(number, cause);
  v.threshold = threshold;
  if (!at_once) return;
  for (PodId id = 0; id < pods_.size(); ++id) {
    if (!pods_[id].serving) continue;
    const bool has = versions_->has(number, id, pods_[id].workload);
    if (has == versions_->runs(number, id)) continue;
    if (has) {
      versions_->take_up(number, id, world_.now());
    } else {
      blame_for_delay(id, ailment(id));
      versions_->leave(number, id);
    }
    set_pace(id);
    look_at_process(id);
    if (has && versions_->reads_bad_file(id))
      world_.scheduler.after(1_ns, Priority::kControl, component_, kFileRead, id,
                             pods_[id].processes);
  }
}

void Region::refreshed(u32 number, bool bad, Duration within, IncidentId cause) {
  RunningVersions::Version& v = versions_->version(number);
  if (v.bad_file && !bad && v.deaths != kNoIncident) {
    v.freed = {v.deaths, cause};
    world_.close(v.deaths, cause);
  }
  if (v.file != cause) v.deaths = kNoIncident;  // what dies from now on dies of another file
  v.bad_file = bad;
  v.file = cause;
  if (!bad || v.spread.traits.crash.when != CrashWhen::kAtTheNextRefresh) return;
  for (const PodId id : running(number)) {
    const double u = uniform(draw(probe_stream_, id, number, 1));
    world_.scheduler.after(from_seconds(u * within.seconds()) + 1_ns, Priority::kControl,
                           component_, kFileRead, id, pods_[id].processes);
  }
}

void Region::file_read(PodId id, u32 process) {
  if (!pods_[id].serving || pods_[id].processes != process) return;
  if (const auto version = versions_->reads_bad_file(id))
    wiring_.processes->process_died(id, death_of(*version, id));
}

std::vector<PodId> Region::running(u32 number) const {
  std::vector<PodId> pods;
  for (PodId id = 0; id < pods_.size(); ++id)
    if (pods_[id].serving && versions_->runs(number, id)) pods.push_back(id);
  return pods;
}

IncidentId Region::dies_at_start(PodId id, WorkloadId workload) {
  if (!versions_) return kNoIncident;
  const auto version = versions_->dies_at_start(id, workload);
  return version ? death_of(*version, id) : kNoIncident;
}

IncidentId Region::what_ended(IncidentId trouble) const {
  if (trouble == kNoIncident) return kNoIncident;
  if (trouble == relieved_.began) return relieved_.ended;
  return versions_ ? versions_->what_ended(trouble) : kNoIncident;
}

// One incident of a version for all that die of it, so that a crash loop of many pods is told once.
IncidentId Region::death_of(u32 number, PodId id) {
  constexpr i64 kTenth = 10;
  RunningVersions::Version& v = versions_->version(number);
  if (v.deaths != kNoIncident) return v.deaths;
  const bool killed = v.spread.traits.crash.when == CrashWhen::kNotAtAll;
  std::vector<IncidentId> causes{v.file ? v.file : v.cause, versions_->partner_of(number)};
  if (const u64 counted = versions_->counted(number, id))
    pods_[id].brought_by.collect(world_.now(), kTenth, causes, static_cast<i64>(counted));
  v.deaths = world_.incident(killed ? kOutOfMemory : kProcessesCrash, name_, std::move(causes),
                             fmt::format("the first is pod {}'s", id));
  return v.deaths;
}

// Likewise of what a version makes of processes that live.
IncidentId Region::trait_of(u32 number, u8 trait, PodId id) {
  static const IncidentKind* const kKinds[] = {&kProcessesRefuse, &kProcessesAnswerWrong,
                                               &kProcessesSlow};
  RunningVersions::Version& v = versions_->version(number);
  if (v.shown[trait] == kNoIncident)
    v.shown[trait] =
        world_.incident(*kKinds[trait], name_, {v.cause, versions_->partner_of(number)},
                        fmt::format("the first is pod {}'s", id));
  return v.shown[trait];
}

// By an event of its own: the caller may stand in the middle of an engine's step.
void Region::look_at_process(PodId id) {
  const Pod& p = pods_[id];
  const Instant now = world_.now();
  const double used = memory_of(p);
  const Instant due =
      versions_->dies(id, now, used) ? now + 1_ns : versions_->full_at(id, now, used);
  if (due != kNever)
    world_.scheduler.at(due, Priority::kControl, component_, kProcessDue, id, p.processes);
}

// Of the process that was meant, unless it has more room than it seemed.
void Region::process_due(PodId id, u32 process) {
  const Pod& p = pods_[id];
  if (!p.serving || p.processes != process) return;
  const Instant now = world_.now();
  const double used = memory_of(p);
  if (const auto version = versions_->dies(id, now, used))
    return wiring_.processes->process_died(id, death_of(*version, id));
  if (const Instant due = versions_->full_at(id, now, used); due != kNever)
    world_.scheduler.at(due, Priority::kControl, component_, kProcessDue, id, p.processes);
}

IncidentId Region::ailment(PodId id) const {
  if (!faults_.empty())
    if (const IncidentId cause = faults_.cause(id)) return cause;
  return versions_ ? versions_->slowed_by(id) : kNoIncident;
}

}  // namespace stampede
