// Pods, engines and hand-over; the way in stands in region_door.cpp, what the cluster asks of pods
// stands in region_pods.cpp.
#include "models/serving/region.h"

#include "models/serving/engine.h"
#include "models/serving/region_latencies.h"
#include "models/serving/running_versions.h"

namespace stampede {
namespace {

// What an engine is asked.
SequenceInput input_of(AttemptSlot slot, const Attempt& a) {
  const u32 least = a.decoding ? 2 : 1;
  return {slot, std::max<u32>(1, a.prompt), 0, std::max(least, a.output), a.priority()};
}

}  // namespace

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
      endpoints_(serving.pools.size()),
      filter_due_(serving.pools.size()),
      endpoint_cause_(serving.pools.size()),
      shrunk_(serving.pools.size()),
      load_before_(serving.pools.size()),
      retired_(serving.pools.size()),
      load_(serving.pools.size()),
      gone_(serving.pools.size()),
      wasted_(serving.pools.size()),
      looked_up_(serving.pools.size()),
      kv_events_(serving.pools.size()) {
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
  for (std::size_t w = 0; w < endpoints_.size(); ++w)
    endpoints_[w].connect(wiring_.choice[w], wiring_.filters[w]);
  begin_flow_control();
  if (wiring_.deadline != nullptr)
    world_.stats.counter(name_, "expired_total", "attempts dropped at their client's deadline",
                         &counts_.expired);
}

// Past breaker, rate limit and log-in: to a pod.
Verdict Region::to_pod(AttemptSlot slot) {
  Attempt& a = (*wiring_.attempts)[slot];
  const WorkloadId workload = pool_for(a);
  if (workload == kNoPool) return refuse_503(kNoIncident);
  if (flow_) [[unlikely]]
    if (const auto verdict = held_back(workload, slot)) return *verdict;
  return place(workload, slot);
}

Verdict Region::place(WorkloadId workload, AttemptSlot slot) {
  Attempt& a = (*wiring_.attempts)[slot];
  if (endpoints_[workload].size() == 0)
    return refuse_503(endpoint_cause_[workload] ? endpoint_cause_[workload] : trouble(workload));
  const PodId id = choose(workload, slot);
  Pod& p = pod(id);
  if (p.engine) p.engine->prefetch();
  if (a.incident != kNoIncident) p.brought_by.add(world_.now(), a.incident);
  if (const auto refusal = refused_by(p, id, slot)) {
    a.started = world_.now();
    attempt_ended(id, a, refusal->code, world_.now());
    return *refusal;
  }
  if (wiring_.services != nullptr) [[unlikely]]
    if (const auto verdict = ask_for_work(slot, id)) return *verdict;
  return to_engine(slot, id);
}

Verdict Region::to_engine(AttemptSlot slot, PodId id) {
  if (!admit_to(pod(id), slot, id))
    return refuse_503(tuned_.lately(world_.now()));  // longer than the engine's memory
  if (wiring_.deadline != nullptr) await_deadlines(slot);
  return {};
}

PodId Region::choose(WorkloadId workload, AttemptSlot slot) {
  const Attempt& a = (*wiring_.attempts)[slot];
  OpenEndpoints& endpoints = endpoints_[workload];
  const u64 key = a.session_key ^ (u64{slot} << 32);
  if (!endpoints.reads_prompts())
    return endpoints.pick(wiring_.by_connection ? wiring_.clients->connection(a) : a.session_key,
                          key);
  text_.clear();
  if (wiring_.text != nullptr) wiring_.text->text_runs(a.session, a.prompt, text_);
  return endpoints.route({a.session_key, key, a.prompt, text_});
}

std::optional<Verdict> Region::refused_by(Pod& p, PodId id, AttemptSlot slot) {
  if (!p.serving)  // a stale endpoint: connection refused
    return refuse_503(p.stopped_by ? p.stopped_by : endpoint_cause_[p.workload]);
  if (versions_) [[unlikely]] {
    const u64 attempt = (*wiring_.attempts)[slot].session_key ^ mix64(++version_draws_);
    if (const auto version = versions_->refuses(id, probe_stream_, attempt))
      return refuse_503(versions_->version(*version).cause);
  }
  const FrontEndParams& front = params_.pools[p.workload].front_end;
  const Instant now = world_.now();
  if (p.front_end.delay(now, front) > front.accept_timeout.seconds())
    return refuse_503(trouble(p.workload));
  p.front_end.charge(front.cpu_per_request.seconds() +
                     front.cpu_per_prompt_token.seconds() * (*wiring_.attempts)[slot].prompt);
  if (gateway_.max_queue > 0 && p.engine->waiting() >= gateway_.max_queue)
    return refuse_503(bounded_by_ ? bounded_by_ : trouble_of(id));
  if (full(p)) return refuse_503(trouble_of(id));
  if (!has_place(id)) return refuse_503(busy_with(id));
  return std::nullopt;
}

// Whoever learns from outcomes hears of one; a filter may then leave others.
void Region::attempt_ended(PodId id, const Attempt& a, Outcome outcome, Instant at) {
  const WorkloadId workload = pods_[id].workload;
  OpenEndpoints& endpoints = endpoints_[workload];
  if (!endpoints.observed()) return;
  endpoints.ended(id, outcome, at - a.started, at);
  if (!endpoints.changed()) return;
  endpoints.refilter(world_.now());
  await_filters(workload);
}

void Region::await_filters(WorkloadId workload) {
  world_.scheduler.cancel(filter_due_[workload]);
  const Instant next = endpoints_[workload].next_change();
  if (next != kNever)
    filter_due_[workload] =
        world_.scheduler.at(next, Priority::kControl, component_, kFilterDue, workload);
}

// What vLLM's front end refuses by itself.
bool Region::full(const Pod& p) const {
  const EngineParams& e = params_.pools[p.workload].engine;
  return (e.max_num_queued_reqs > 0 &&
          p.engine->waiting() + p.engine->running() >= e.max_num_queued_reqs) ||
         (e.max_num_queued_tokens > 0 && p.engine->queued_tokens() >= e.max_num_queued_tokens);
}

bool Region::streams(AttemptSlot slot) const {
  const Attempt& a = (*wiring_.attempts)[slot];
  if (a.decoding) return a.streams;
  if (a.ticket == 0) return false;  // waits for a log-in
  const Pod& p = pods_[a.pod];
  return p.engine && p.engine->tokens_emitted(a.ticket, engine_time(p)) > 0;
}

// Gives the attempt to the pod; false if it can never fit.
bool Region::admit_to(Pod& p, AttemptSlot slot, PodId id) {
  Attempt& a = (*wiring_.attempts)[slot];
  if (!p.engine->fits(input_of(slot, a))) return false;
  a.pod = id;
  const u32 cached = look_up_context(slot);
  advance(id);
  opened(id);
  if (params_.pools[p.workload].front_end.workers > 0 && !a.decoding)
    render(pods_[id], slot, cached);
  else
    enter_engine(id, slot, cached);
  return true;
}

void Region::enter_engine(PodId id, AttemptSlot slot, u32 cached) {
  Attempt& a = (*wiring_.attempts)[slot];
  const Pod& p = pods_[id];
  SequenceInput input = input_of(slot, a);
  input.cached = cached;
  if (wiring_.stages != nullptr) wiring_.stages->reached(slot, Stage::kQueued, world_.now());
  text_.clear();
  if (profiles_[p.workload]->prefix_caching && wiring_.text != nullptr)
    wiring_.text->text_runs(a.session, input.prompt, text_);
  a.ticket = pods_[id].engine->add(engine_time(pods_[id]), input, text_);
  reschedule(id);
  if (versions_) [[unlikely]] {
    versions_->admitted(id);
    if (versions_->dies(id, world_.now(), memory_of(pods_[id]))) look_at_process(id);
  }
}

void Region::opened(PodId id) {
  if (id >= active_.by_pod.size()) active_.by_pod.resize(id + 1, 0);
  ++active_.by_pod[id];
  ++active_.total;
}

void Region::closed(PodId id) {
  --active_.by_pod[id];
  --active_.total;
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
    if (region.latencies_) region.latencies_->admitted(slot, at);
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
  if (!timely && !latencies_ && wiring_.stages == nullptr) return;
  if (!admissions_) admissions_ = std::make_unique<Admissions>(*this);
  p.engine->watch(admissions_.get(), timely || latencies_ != nullptr);
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

void Region::reschedule(PodId id) {
  Pod& p = pods_[id];
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
      advance(event.subject);
      if (p.draining && idle(event.subject)) return kill(event.subject);
      return reschedule(event.subject);
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
    case kFlowLook:
      return look_at_flows();
    case kFlowTimeout:
      return flow_timeouts_.expire(
          event.argument, [&](u32 slot, u32 ticket) { return flow_->holds(slot, ticket); },
          [&](u32 slot, u32) {
            flow_->leave(slot);
            ++counts_.flow_expired;
            ++counts_.refused_503;
            drop(slot, Outcome::kRejected503, overload_);
          });
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
          [&](u32 slot, u32) {
            ++counts_.auth_failed;
            drop(slot, Outcome::kAuthFailed, overload_);
          });
    default:
      invariant_failed("region: unknown event");
  }
}

// The gateway reads the session's manifest as it lets the request in: what is written later, by a
// retry or a late attempt, it does not know. Returns the tokens of context found.
u32 Region::look_up_context(AttemptSlot slot) {
  Attempt& a = (*wiring_.attempts)[slot];
  if (a.decoding) return 0;
  const KvLookup found = wiring_.kv->lookup(a.session, id_, a.turn, a.prompt);
  a.started = world_.now();
  a.base_version = found.base_version;
  a.poisoned = found.poisoned;
  if (found.poisoned) a.incident = found.cause;
  const WorkloadId here = pods_[a.pod].workload;
  counts_.prompt_tokens += a.prompt;
  // An engine that keeps blocks itself looks there, and counts what it finds.
  if (!profiles_[here]->prefix_caching) looked_up(here, a.prompt, found.cached_tokens);
  if (wiring_.stages != nullptr) wiring_.stages->reached(slot, Stage::kAdmitted, a.started);
  const u32 computed = a.prompt - std::min(found.cached_tokens, a.prompt);
  a.prefilled_blocks = static_cast<u16>(std::min((computed + 15) / 16, 65535u));
  return found.cached_tokens;
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
  if (latencies_) latencies_->add(id, LatencyKind::kTtft, at + latency - a.started);
  if (prefills && !hands_over) return end_in_prefill(id, slot, at);
  if (!hands_over) return;
  closed(a.pod);
  attempt_ended(id, a, Outcome::kSucceeded, at);
  if (latencies_) ++latencies_->of(id).requests;
  leave_prefill(id, slot, at);
}

// ---- from a prefill to a decode pod -----------------------------------------------------------
void Region::tell_first_token(PodId id, AttemptSlot slot, Instant at) {
  Attempt& a = (*wiring_.attempts)[slot];
  if (a.streams || at == kNever) return;  // told ahead, or by a process that stands still
  a.streams = true;
  ++counts_.first_tokens;
  const Duration latency = params_.pools[pods_[id].workload].front_end.response_latency;
  if (a.request != kNoSlot) wiring_.clients->first_token(slot, at + latency);
}

// A prompt is complete: its KV goes to a decode pod.
void Region::leave_prefill(PodId id, AttemptSlot slot, Instant at) {
  Attempt& a = (*wiring_.attempts)[slot];
  a.decoding = true;
  ++handing_over_;
  Instant sent = at;
  if (params_.kv_transfer.mode == KvTransferMode::kPush) {
    sent = pods_[id].link.send(at, a.prompt, params_.kv_transfer);
  } else {
    const u32 k = handovers_.hold(slot, id, pods_[id].life, a.ticket);
    leases_.push(std::max(at, world_.now()) + params_.kv_transfer.lease, k,
                 handovers_[k].generation,
                 [&](u32 held, u32 generation) { return handovers_.lives(held, generation); });
  }
  world_.scheduler.at(sent + params_.handover, Priority::kCompletion, component_, kHandover, slot);
}

// An answer of one token: nobody fetches its KV, whose blocks are free after this step.
void Region::end_in_prefill(PodId id, AttemptSlot slot, Instant at) {
  if (params_.kv_transfer.mode == KvTransferMode::kPull) {
    const u32 k = handovers_.hold(slot, id, pods_[id].life, (*wiring_.attempts)[slot].ticket);
    world_.scheduler.at(std::max(at, world_.now()), Priority::kCompletion, component_, kFetched, k,
                        handovers_[k].generation);
  }
  finished(id, slot, at);
}

void Region::hand_over(AttemptSlot slot) {
  Attempt& a = (*wiring_.attempts)[slot];
  --handing_over_;
  // Its deadline passed on the way, where it met nobody.
  if (wiring_.deadline != nullptr && a.request == kNoSlot && !a.streams) {
    ++counts_.expired;
    count_waste(a, 0, false);
    return drop(slot, Outcome::kTimeout, overload_);
  }
  const WorkloadId decode = routes_.partner[pods_[a.pod].workload];
  const auto break_off = [&] {
    count_waste(a, 0, false);
    const Pod& last = pods_[a.pod];
    const IncidentId stopped = last.serving ? kNoIncident : last.stopped_by;
    drop(slot, Outcome::kTruncated, stopped ? stopped : endpoint_cause_[decode]);
  };
  if (endpoints_[decode].size() == 0) return break_off();
  const PodId id = choose(decode, slot);
  Pod& p = pod(id);
  if (p.engine) p.engine->prefetch();
  if (a.incident != kNoIncident) p.brought_by.add(world_.now(), a.incident);
  if (!p.serving || !admit_to(p, slot, id)) {
    if (!p.serving) attempt_ended(id, a, Outcome::kRejected503, world_.now());
    a.pod = id;
    break_off();
  }
}

// A decode pod has memory for the prompt of an attempt and fetches its KV.
void Region::fetch(AttemptSlot slot, Instant at) {
  const u32 k = handovers_.of(slot);
  Handovers::Prompt& prompt = handovers_[k];
  const Instant begins = std::max(at, world_.now());
  Instant sent = begins;
  if (holder(prompt) != nullptr) {
    prompt.fetched = true;
    sent =
        pods_[prompt.pod].link.send(begins, (*wiring_.attempts)[slot].prompt, params_.kv_transfer);
  }
  world_.scheduler.at(sent, Priority::kCompletion, component_, kFetched, k, prompt.generation);
}

void Region::fetched(u32 k, u32 generation) {
  if (handovers_[k].generation != generation) return;
  const AttemptSlot slot = handovers_[k].attempt;
  const bool whole = let_go(k);
  if (slot == kNoSlot) return;  // it has left meanwhile
  const PodId id = (*wiring_.attempts)[slot].pod;
  if (whole) {
    advance(id);
    pods_[id].engine->pulled(engine_time(pods_[id]), (*wiring_.attempts)[slot].ticket);
  } else {  // whoever held it has died, or the lease was over
    const PodId source = handovers_[k].pod;
    const IncidentId stopped = pods_[source].stopped_by;
    if (!take_off(slot, Outcome::kTruncated)) return;
    drop(slot, Outcome::kTruncated, stopped ? stopped : overload_incident(id));
  }
  reschedule(id);
}

// The process that holds a prompt, or null.
Engine* Region::holder(const Handovers::Prompt& prompt) const {
  const Pod& p = pods_[prompt.pod];
  return prompt.held && p.engine && p.life == prompt.life ? p.engine.get() : nullptr;
}

// The prefill pod frees the blocks of a prompt. False if they were gone.
bool Region::let_go(u32 k) {
  const Handovers::Prompt prompt = handovers_[k];
  Engine* engine = holder(prompt);
  handovers_.gone(k);
  if (engine == nullptr) return false;
  advance(prompt.pod);
  engine->release(engine_time(pods_[prompt.pod]), prompt.ticket);
  if (pods_[prompt.pod].draining && idle(prompt.pod))
    kill(prompt.pod);
  else
    reschedule(prompt.pod);
  return true;
}

void Region::lease_over(u32 ring) {
  leases_.expire(
      ring, [&](u32 k, u32 generation) { return handovers_.lives(k, generation); },
      [&](u32 k, u32) {
        if (handovers_[k].fetched) return;
        ++counts_.leases_over;
        let_go(k);
      });
}

// ---- the end of an attempt --------------------------------------------------------------------
void Region::finished(PodId id, AttemptSlot slot, Instant at) {
  Attempt& a = (*wiring_.attempts)[slot];
  closed(a.pod);
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
      a.incident = versions_->version(*version).cause;
    }
  }
  wiring_.safety->answered(mix64(a.session_key ^ (u64{a.turn} << 8) ^ a.number), id_, a.pod,
                           a.poisoned, a.incident);
  const Instant heard = at + params_.pools[pods_[id].workload].front_end.response_latency;
  if (latencies_) {
    ++latencies_->of(id).requests;
    latencies_->add(id, LatencyKind::kRequest, heard - a.started);
  }
  if (!wiring_.clients->finished(slot, heard)) count_waste(a, a.output, true);
  release(slot);
}

IncidentId Region::delayed_by(AttemptSlot attempt) {
  if (asks_services(attempt)) return services_of(attempt)->delayed_by(attempt);
  const Attempt& a = (*wiring_.attempts)[attempt];
  if (a.ticket != 0)
    if (const IncidentId cause = ailment(a.pod)) return cause;
  if (overload_ != kNoIncident) return overload_;
  const IncidentId cause = a.incident != kNoIncident ? a.incident : strain(pods_[a.pod].workload);
  if (cause == kNoIncident) unexplained_delay_ = world_.now();
  return cause;
}

IncidentId Region::overload_incident(PodId pod) {
  if (const IncidentId cause = ailment(pod)) return cause;
  if (overload_) return overload_;
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
