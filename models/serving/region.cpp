// Pods, engines and hand-over; the way in stands in region_door.cpp, what the cluster asks of pods
// stands in region_pods.cpp.
#include "models/serving/region.h"

#include "models/serving/engine.h"
#include "models/serving/pool_saturation.h"
#include "models/serving/refusals.h"
#include "models/serving/region_latencies.h"
#include "models/serving/running_versions.h"

namespace stampede {
Region::Region(World& world, RegionId id, std::string name, const ServingParams& serving,
               const GatewayParams& gateway)
    : world_(world),
      id_(id),
      name_(std::move(name)),
      params_(serving),
      gateway_(gateway),
      routes_(serving.pools),
      component_(world.scheduler.add(this)),
      limit_(gateway.rate_limit),
      logins_(gateway.sessions),
      login_timeouts_(world.scheduler, component_, Priority::kTimeout, kLoginTimeout),
      flow_timeouts_(world.scheduler, component_, Priority::kTimeout, kFlowTimeout),
      leases_(world.scheduler, component_, Priority::kTimeout, kLeaseOver),
      probe_stream_(world.stream("region/" + name_, "probes")),
      serving_(serving.pools.size()),
      line_watched_(serving.pools.size()),
      endpoints_(serving.pools.size()),
      filter_due_(serving.pools.size()),
      endpoint_cause_(serving.pools.size()),
      shrunk_(serving.pools.size()),
      stuck_(serving.pools.size()),
      peers_left_(serving.pools.size()),
      crowded_(serving.pools.size()),
      load_before_(serving.pools.size()),
      retired_(serving.pools.size()),
      load_(serving.pools.size()),
      gone_(serving.pools.size()),
      wasted_(serving.pools.size()),
      looked_up_(serving.pools.size()),
      kv_events_(serving.pools.size()),
      refusals_(std::make_unique<Refusals>()),
      saturation_(serving.pools.size()) {
  for (const PoolParams& pool : params_.pools) {
    EngineParams engine = pool.engine;
    engine.macro_steps = !params_.exact_steps;
    engine.holds_handed_over = engine.pulls = params_.kv_transfer.mode == KvTransferMode::kPull;
    kept_profiles_.push_back(std::make_unique<const EngineProfile>(engine));
    profiles_.push_back(kept_profiles_.back().get());
  }
  if (gateway.sessions.hold_during_inference) {
    held_ = std::make_unique<HeldConnections>(gateway.sessions);
    register_login_stats();
  }
  world.checks.push_back([this] {
    verify_attempts();
    verify_next_engine();
  });
  world.end_checks.push_back([this] { verify_all(); });
}

Region::~Region() = default;

void Region::connect(Wiring wiring) {
  wiring_ = std::move(wiring);
  wiring_.filters.resize(endpoints_.size());
  connect_admission();
  for (std::size_t w = 0; w < endpoints_.size(); ++w)
    endpoints_[w].connect(wiring_.choice[w], wiring_.filters[w],
                          {wiring_.admission[w].begin(), wiring_.admission[w].end()});
  begin_flow_control();
  if (wiring_.deadline != nullptr)
    world_.stats.counter(name_, "expired_total", "attempts dropped at their client's deadline",
                         &counts_.expired);
}

struct Region::EngineOf final : EngineSink {
  EngineOf(Region& in, PodId of) : region(in), pod(of) {}
  void first_token(u32 slot, Instant at) override { region.first_token(pod, slot, when(at)); }
  void finished(u32 slot, Instant at) override { region.finished(pod, slot, when(at)); }
  void preempted(u32 slot, Instant) override {
    if (region.wiring_.stages != nullptr) region.wiring_.stages->preempted(slot);
  }
  Instant when(Instant at) const { return region.when(pod, at); }
  Region& region;
  const PodId pod;
};

Instant Region::when(PodId id, Instant at) const {
  const PodClock* clock = pods_[id].clock.get();
  return clock ? clock->when(at) : at;
}

// Hears whom engines begin with: what decode engines take up, and whose KV may come; for those who
// keep latencies or stages.
struct Region::Admissions final : AdmissionSink {
  explicit Admissions(Region& of) : region(of) {}
  void admitted(u32 slot, Instant at, u32 cached) override {
    const PodId id = pod(slot);
    const bool decodes = region.profiles_[region.pods_[id].workload]->role == EngineRole::kDecode;
    if (region.latencies_ && region.latencies_->queue_times) region.latencies_->admitted(slot, at);
    region.engine_began(id, slot, region.when(id, at));
    if (StagePort* stages = region.wiring_.stages) {
      stages->reached(slot, decodes ? Stage::kTakenUp : Stage::kScheduled, region.when(id, at));
      if (!decodes) stages->prefilled_by(slot, id, cached);
    }
    if (decodes && region.params_.kv_transfer.first_token == FirstTokenFrom::kDecode)
      region.tell_first_token(id, slot, region.when(id, at));
  }
  void may_pull(u32 slot, Instant at) override { region.fetch(slot, region.when(pod(slot), at)); }
  PodId pod(u32 slot) const { return (*region.wiring_.attempts)[slot].pod; }
  Region& region;
};

// Asked in time are decode engines of which a client hears, or that fetch.
void Region::watch_admissions(Pod& p) {
  const EngineProfile& profile = *profiles_[p.workload];
  const bool timely = profile.role == EngineRole::kDecode &&
                      (params_.kv_transfer.first_token == FirstTokenFrom::kDecode || profile.pulls);
  const bool scraped = latencies_ && latencies_->queue_times;
  const bool shed = line_watched_[p.workload];
  if (!timely && !scraped && !shed && wiring_.stages == nullptr) return;
  if (!admissions_) admissions_ = std::make_unique<Admissions>(*this);
  p.engine->watch(admissions_.get(), timely || scraped || shed, shed);
}

// What a listener hears of one pod's blocks.
struct Region::BlockTeller final : BlockSink {
  BlockTeller(Region& in, PodId of, KvEvents& to) : region(in), pod(of), events(to) {}
  void stored(u64 name, u32 from, u32 to) override {
    events.stored(pod, region.when(pod, at), name, from, to);
  }
  void removed(u64 name, u32 from, u32 to) override {
    events.removed(pod, region.when(pod, at), name, from, to);
  }
  Region& region;
  const PodId pod;
  KvEvents& events;
};

void Region::listen_to_blocks(PodId id) {
  Pod& p = pods_[id];
  if (kv_events_[p.workload] == nullptr) return;
  p.teller = std::make_unique<BlockTeller>(*this, id, *kv_events_[p.workload]);
  p.engine->tell_blocks(p.teller.get());
}

void Region::tell_events(PodId id) {
  if (!pod(id).engine) return;
  advance(id);
  pods_[id].engine->settle(engine_time(pods_[id]));
  reschedule(id);
}

void Region::advance(PodId id) {
  EngineOf speaker(*this, id);
  pods_[id].engine->advance(engine_time(pods_[id]), speaker);
}

void Region::reschedule(PodId id, Pod& p) {
  if (const Engine::Lookups l = p.engine->take_lookups(); l.asked != 0)
    looked_up(p.workload, l.asked, l.found);
  Instant next = p.engine->next_event();
  if (p.clock) next = p.clock->when(next);
  if (next == kNever || (p.event_at <= next && world_.scheduler.pending(p.event))) return;
  world_.scheduler.cancel(p.event);
  p.event_at = std::max(next, world_.now());
  p.event = world_.scheduler.at(p.event_at, Priority::kCompletion, component_, kEngine, id);
}

// First the engine, then the attempts that will leave it; what these refer to at the event itself.
void Region::prefetch(u8 kind, u32 subject, bool next) const {
  if (kind == kHandover && !next) wiring_.attempts->prefetch(subject);
  if (kind != kEngine || !pods_[subject].engine) return;
  const Engine& engine = *pods_[subject].engine;
  if (next)
    engine.for_each_due([this](u32 slot, bool) { wiring_.attempts->prefetch(slot); });
  else
    engine.prefetch();
}

void Region::handle(const Event& event) {
  switch (event.kind) {
    case kEngine: {
      Pod& p = pods_[event.subject];
      if (!p.engine) return;
      p.engine->for_each_due(
          [this](u32 slot, bool finishes) { wiring_.clients->prefetch_attempt(slot, finishes); });
      p.event_at = kNever;
      if (p.engine->due(engine_time(p))) advance(event.subject);
      if (p.draining && idle(event.subject)) return kill(event.subject);
      return reschedule(event.subject, p);
    }
    case kHandover:
      return hand_over(event.subject);
    case kFetched:
      return fetched(event.subject, event.argument);
    case kLeaseOver:
      return lease_over(event.argument);
    case kRendered:
      if (renderings_.end(event.subject, event.argument)) rendered(event.subject);
      return;
    case kRelieved:
      return relieved();
    case kFlowLook:
      return look_at_flows();
    case kFlowTimeout:
      return flow_timeouts_.expire(
          event.argument, [&](u32 slot, u32 ticket) { return flow_->holds(slot, ticket); },
          [&](u32 slot, u32) {
            flow_->leave(slot);
            ++counts_.flow_expired;
            drop(slot, Outcome::kRejected503,
                 no_room(Bound::kSaturation, overload_, slot).incident);
          });
    case kLineMoved:
      return shed_line(event.subject);
    case kGraceOver:  // of this end of the pod, not of an earlier one
      if (pods_[event.subject].grace_ends == world_.now()) kill(event.subject);
      return;
    case kLoginGranted:
      if (held_->take_up(event.subject, event.argument)) login_granted(event.subject);
      return;
    case kFilterDue: {
      const auto workload = static_cast<WorkloadId>(event.subject);
      endpoints_[workload].refilter(world_.now());
      return await_filters(workload);
    }
    case kFirstTokenDue:
    case kAnswerDue:
      return deadline_passed(event);
    case kFileRead:
      return file_read(event.subject, event.argument);
    case kProcessDue:
      return process_due(event.subject, event.argument);
    case kLoginTurn:
      if (turns_.end(event.subject, event.argument)) logged_in(event.subject);
      return;
    case kLoginTimeout:
      return login_timeouts_.expire(
          event.argument, [&](u32 slot, u32 ticket) { return held_->waits(slot, ticket); },
          [&](u32 slot, u32) { drop(slot, Outcome::kAuthFailed, no_connection(slot).incident); });
    default:
      invariant_failed("region: unknown event");
  }
}

void Region::first_token(PodId id, AttemptSlot slot, Instant at) {
  const Attempt& a = (*wiring_.attempts)[slot];
  const Duration latency = params_.pools[pods_[id].workload].front_end.response_latency;
  const bool prefills = profiles_[pods_[id].workload]->role == EngineRole::kPrefill;
  const bool hands_over = prefills && a.output > 1;
  if (wiring_.stages != nullptr && at != kNever)
    wiring_.stages->reached(slot, Stage::kPrefilled, at);
  if (!hands_over || params_.kv_transfer.first_token == FirstTokenFrom::kPrefill)
    tell_first_token(id, slot, at);
  if (OpenEndpoints& endpoints = endpoints_[pods_[id].workload]; endpoints.observed())
    endpoints.first_token(id, at - a.started, at);
  if (latencies_) latencies_->first_token(id, slot, a, at + latency);
  if (prefills && !hands_over) return end_in_prefill(id, slot, at);
  if (!hands_over) return;
  closed(a.pod);
  attempt_ended(id, a, Outcome::kSucceeded, at);
  if (latencies_) ++latencies_->of(id).requests;
  leave_prefill(id, slot, at);
}

// ---- the end of an attempt --------------------------------------------------------------------
void Region::finished(PodId id, AttemptSlot slot, Instant at) {
  Attempt& a = (*wiring_.attempts)[slot];
  closed(id);
  attempt_ended(id, a, Outcome::kSucceeded, at);
  ++counts_.completed;
  if (wiring_.stages != nullptr) wiring_.stages->reached(slot, Stage::kEnded, at);
  const bool late = a.request == kNoSlot;
  const KvWritten written = wiring_.kv->write(
      {a.session, id_, a.turn, a.number, a.base_version, a.prompt + a.answer_kept, a.poisoned, late,
       a.started, a.incident ? a.incident : overload_incident(a.pod)});
  if (written.torn && !a.poisoned) {
    a.poisoned = true;
    a.incident = written.cause;
  }
  if (versions_ && !a.poisoned) [[unlikely]] {
    const u64 attempt = a.session_key ^ mix64((u64{a.turn} << 8) ^ a.number);
    if (const auto version = versions_->answers_wrong(id, probe_stream_, attempt)) {
      a.poisoned = true;
      a.incident = trait_of(*version, RunningVersions::kAnswersWrong, id);
    }
  }
  wiring_.safety->answered(mix64(a.session_key ^ (u64{a.turn} << 8) ^ a.number), id_, a.pod,
                           a.poisoned, a.incident);
  const Instant heard = at + params_.pools[pods_[id].workload].front_end.response_latency;
  if (latencies_) latencies_->finished(id, slot, a, heard);
  if (!wiring_.clients->finished(slot, heard)) count_waste(a, a.output, true);
  release(slot);
}

IncidentId Region::delayed_by(AttemptSlot attempt) {
  if (asks_services(attempt)) return services_of(attempt)->delayed_by(attempt);
  const Attempt& a = (*wiring_.attempts)[attempt];
  if (a.ticket != 0)
    if (const IncidentId cause = ailment(a.pod)) return cause;
  if (overload_ != kNoIncident) return overload_;
  if (a.ticket != 0)
    if (const PoolSaturation& pool = saturation_[pods_[a.pod].workload];
        pool.incident() != kNoIncident && (a.incident == kNoIncident || !pool.unexplained()))
      return pool.incident();
  const IncidentId cause = a.incident != kNoIncident ? a.incident : strain(pods_[a.pod].workload);
  if (cause == kNoIncident) unexplained_delay_ = world_.now();
  return cause;
}

IncidentId Region::overload_incident(PodId pod) {
  if (const IncidentId cause = ailment(pod)) return cause;
  if (overload_) return overload_;
  if (const IncidentId full = saturated(pods_[pod].workload)) return full;
  const IncidentId brought = pods_[pod].brought_by.most(world_.now());
  return brought ? brought : strain(pods_[pod].workload);
}

void Region::drop(AttemptSlot slot, Outcome outcome, IncidentId cause) {
  wiring_.clients->broken(slot, outcome, cause);
  release(slot);
}

void Region::release(AttemptSlot slot) {
  const SessionSlot session = (*wiring_.attempts)[slot].session;
  --holds_;
  if (slot < stays_.size()) ++stays_[slot];
  handovers_.leave(slot);
  hand_on_connection(slot);
  wiring_.attempts->give_back(slot);
  wiring_.clients->released(session);
}

bool Region::cancel(AttemptSlot slot) {
  if (asks_services(slot)) {
    services_of(slot)->leave(slot);
    calls_.leave(slot);
    --asking_;
    release(slot);
    return true;
  }
  if (turns_.leave(slot) || (held_ && held_->logging_in(slot)) || (flow_ && flow_->leave(slot))) {
    release(slot);
    return true;
  }
  const PodId id = (*wiring_.attempts)[slot].pod;
  if (!take_off(slot)) return false;
  release(slot);
  reschedule(id);
  return true;
}

// Stops work on an attempt, in the line of its engine or under way.
bool Region::take_off(AttemptSlot slot, Outcome why) {
  const Attempt& a = (*wiring_.attempts)[slot];
  const PodId id = a.pod;
  const u32 ticket = a.ticket;
  Pod& p = pods_[id];
  if (!p.engine) return false;
  advance(id);
  if (stop_rendering(p, slot)) {
    closed(id);
    attempt_ended(id, a, why, world_.now());
    return true;
  }
  const u32 waiting_before = p.engine->waiting();
  const Instant now = engine_time(p);
  const u32 emitted = p.engine->tokens_emitted(ticket, now);
  // Between two pods, or just done: it goes on.
  if (!p.engine->cancel(now, ticket)) return false;
  closed(id);
  attempt_ended(id, a, why, world_.now());
  const bool ran = p.engine->waiting() == waiting_before;
  count_waste(a, emitted, ran);
  if (ran) {
    ++counts_.aborted;
    wiring_.kv->aborted(id_, a.prompt, a.incident ? a.incident : overload_incident(a.pod));
  }
  return true;
}

}  // namespace stampede
