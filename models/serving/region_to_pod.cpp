// An attempt's way to an engine: from the gate (which pod, whether its front end takes it, its
// place in the engine's line), and from a prefill to a decode pod (pushed, or held until fetched).
#include <algorithm>

#include "models/serving/engine.h"
#include "models/serving/pool_saturation.h"
#include "models/serving/refusals.h"
#include "models/serving/region.h"
#include "models/serving/running_versions.h"

namespace stampede {
namespace {

// What an engine is asked.
SequenceInput input_of(AttemptSlot slot, const Attempt& a) {
  const u32 least = a.decoding ? 2 : 1;
  return {slot, std::max<u32>(1, a.prompt), 0, std::max(least, a.output), a.priority()};
}

}  // namespace

// Whoever learns from outcomes hears of one; a filter may then leave others.
void Region::tell_observers(PodId id, const Attempt& a, Outcome outcome, Instant at) {
  const WorkloadId workload = pods_[id].workload;
  OpenEndpoints& endpoints = endpoints_[workload];
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
inline bool Region::full(const Pod& p) const {
  const EngineParams& e = params_.pools[p.workload].engine;
  return (e.max_num_queued_reqs > 0 &&
          p.engine->waiting() + p.engine->running() >= e.max_num_queued_reqs) ||
         (e.max_num_queued_tokens > 0 && p.engine->queued_tokens() >= e.max_num_queued_tokens);
}

[[gnu::always_inline]] inline std::optional<Verdict> Region::refused_by(Pod& p, PodId id,
                                                                        AttemptSlot slot) {
  if (!p.serving)  // a stale endpoint: connection refused
    return refuse_503(p.stopped_by ? p.stopped_by : endpoint_cause_[p.workload]);
  if (versions_) [[unlikely]] {
    const u64 attempt = (*wiring_.attempts)[slot].session_key ^ mix64(++version_draws_);
    if (const auto version = versions_->refuses(id, probe_stream_, attempt))
      return refuse_503(trait_of(*version, RunningVersions::kRefuses, id));
  }
  const FrontEndParams& front = params_.pools[p.workload].front_end;
  const Instant now = world_.now();
  if (p.front_end.delay(now, front) > front.accept_timeout.seconds())
    return no_room(Bound::kBacklog, trouble(p.workload), slot);
  p.front_end.charge(front.cpu_per_request.seconds() +
                     front.cpu_per_prompt_token.seconds() * (*wiring_.attempts)[slot].prompt);
  if (gateway_.max_queue > 0 && p.engine->waiting() >= gateway_.max_queue)
    return no_room(Bound::kLine, bounded_by_ ? bounded_by_ : trouble_of(id), slot);
  if (full(p)) return no_room(Bound::kLine, trouble_of(id), slot);
  if (!has_place(id))
    return no_room(lacks_peers(p) ? Bound::kPeers : Bound::kPlace, busy_with(id), slot);
  return std::nullopt;
}

u64 Region::key_of(const Attempt& a, PickedBy by) const {
  switch (by) {
    case PickedBy::kSession:
      return wiring_.by_connection ? wiring_.clients->connection(a) : a.session_key;
    case PickedBy::kProcess:
      return wiring_.clients->process(a);
    case PickedBy::kClass:
      return mix64(a.asked_by);
  }
  invariant_failed("region: picked by an unknown key");
}

PodId Region::choose(WorkloadId workload, AttemptSlot slot) {
  const Attempt& a = (*wiring_.attempts)[slot];
  OpenEndpoints& endpoints = endpoints_[workload];
  const u64 key = a.session_key ^ (u64{slot} << 32);
  if (!endpoints.reads_prompts()) {
    const PickedBy by = endpoints.picked_by();
    const bool plain = by == PickedBy::kSession && !wiring_.by_connection;
    return endpoints.pick(plain ? a.session_key : key_of(a, by), key);
  }
  text_.clear();
  if (wiring_.text != nullptr) wiring_.text->text_runs(a.session, a.prompt, text_);
  return endpoints.route({a.session_key, key, a.prompt, text_});
}

// The gateway reads the session's manifest as it lets the request in: what is written later, by a
// retry or a late attempt, it does not know. Returns the tokens of context found.
inline u32 Region::look_up_context(AttemptSlot slot, Attempt& a, WorkloadId here) {
  const KvLookup found = wiring_.kv->lookup(a.session, id_, a.turn, a.prompt);
  a.started = world_.now();
  a.base_version = found.base_version;
  a.poisoned = found.poisoned;
  if (found.poisoned) a.incident = found.cause;
  counts_.prompt_tokens += a.prompt;
  // An engine that keeps blocks itself looks there, and counts what it finds.
  if (!profiles_[here]->prefix_caching) looked_up(here, a.prompt, found.cached_tokens);
  if (wiring_.stages != nullptr) wiring_.stages->reached(slot, Stage::kAdmitted, a.started);
  const u32 computed = a.prompt - std::min(found.cached_tokens, a.prompt);
  a.prefilled_blocks = static_cast<u16>(std::min((computed + 15) / 16, 65535u));
  return found.cached_tokens;
}

void Region::enter_engine(PodId id, Pod& p, Attempt& a, const SequenceInput& input) {
  if (wiring_.stages != nullptr) wiring_.stages->reached(input.id, Stage::kQueued, world_.now());
  text_.clear();
  if (profiles_[p.workload]->prefix_caching && wiring_.text != nullptr)
    wiring_.text->text_runs(a.session, input.prompt, text_);
  a.ticket = p.engine->add(engine_time(p), input, text_);
  reschedule(id, p);
  if (versions_) [[unlikely]] {
    versions_->admitted(id);
    if (versions_->dies(id, world_.now(), memory_of(p))) look_at_process(id);
  }
}

// Gives the attempt to the pod; false if it can never fit.
bool Region::admit_to(Pod& p, AttemptSlot slot, PodId id) {
  Attempt& a = (*wiring_.attempts)[slot];
  SequenceInput input = input_of(slot, a);
  if (!p.engine->fits(input)) return false;
  a.pod = id;
  if (!a.decoding) input.cached = look_up_context(slot, a, p.workload);
  if (p.engine->due(engine_time(p))) advance(id);
  opened(id);
  if (params_.pools[p.workload].front_end.workers > 0 && !a.decoding)
    render(p, slot, input.cached);
  else
    enter_engine(id, p, a, input);
  return true;
}

Verdict Region::to_engine(AttemptSlot slot, PodId id) {
  if (!admit_to(pods_[id], slot, id))
    return refuse_503(tuned_.lately(world_.now()));  // longer than the engine's memory
  if (wiring_.deadline != nullptr) await_deadlines(slot);
  return {};
}

Verdict Region::place(WorkloadId workload, AttemptSlot slot) {
  Attempt& a = (*wiring_.attempts)[slot];
  const auto nowhere = [&] {
    return refuse_503(endpoint_cause_[workload] ? endpoint_cause_[workload] : trouble(workload));
  };
  if (endpoints_[workload].size() == 0) return nowhere();
  const PodId id = choose(workload, slot);
  if (id == kNoPod) [[unlikely]]
    return nowhere();
  Pod& p = pods_[id];  // whoever is in a view has its place
  if (p.engine) p.engine->prefetch();
  if (a.incident != kNoIncident) p.brought_by.add(world_.now(), a.incident);
  saturation_[workload].add(world_.now(), a.incident);
  if (const auto refusal = refused_by(p, id, slot)) {
    a.started = world_.now();
    attempt_ended(id, a, refusal->code, world_.now());
    return *refusal;
  }
  if (asks_first_) [[unlikely]]
    if (const auto verdict = ask_first(slot, id)) return *verdict;
  return to_engine(slot, id);
}

// Past breaker, rate limit and log-in: to a pod.
Verdict Region::to_pod(AttemptSlot slot) {
  Attempt& a = (*wiring_.attempts)[slot];
  const WorkloadId workload = pool_for(a);
  if (workload == kNoPool) return refuse_503(tuned_.lately(world_.now()));
  if (flow_) [[unlikely]]
    if (const auto verdict = held_back(workload, slot)) return *verdict;
  return place(workload, slot);
}

bool Region::streams(AttemptSlot slot) const {
  const Attempt& a = (*wiring_.attempts)[slot];
  if (a.decoding) return a.streams;
  if (a.ticket == 0) return false;  // waits for a log-in
  const Pod& p = pods_[a.pod];
  return p.engine && p.engine->tokens_emitted(a.ticket, engine_time(p)) > 0;
}

// ---- workers that accept and tokenise, before the engine ----------------------------------------
// The worker that is free first; what it has begun it ends, whether or not the client still waits.
void Region::render(Pod& p, AttemptSlot slot, u32 cached) {
  const FrontEndParams& front = params_.pools[p.workload].front_end;
  const Attempt& a = (*wiring_.attempts)[slot];
  p.workers.resize(front.workers);
  Instant& free = *std::min_element(p.workers.begin(), p.workers.end());
  free = std::max(free, world_.now()) + front.cpu_per_request +
         from_seconds(front.cpu_per_prompt_token.seconds() * a.prompt);
  p.rendering.push_back({slot, cached});
  world_.scheduler.at(free, Priority::kArrival, component_, kRendered, slot,
                      renderings_.wait(slot));
}

bool Region::stop_rendering(Pod& p, AttemptSlot slot) {
  if (!renderings_.leave(slot)) return false;
  std::erase_if(p.rendering, [slot](const Rendering& r) { return r.attempt == slot; });
  return true;
}

void Region::rendered(AttemptSlot slot) {
  const PodId id = (*wiring_.attempts)[slot].pod;
  Pod& p = pods_[id];
  const auto place = std::find_if(p.rendering.begin(), p.rendering.end(),
                                  [slot](const Rendering& r) { return r.attempt == slot; });
  Attempt& a = (*wiring_.attempts)[slot];
  SequenceInput input = input_of(slot, a);
  input.cached = place->cached;
  p.rendering.erase(place);
  advance(id);
  enter_engine(id, p, a, input);
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
  if (id == kNoPod) return break_off();
  Pod& p = pods_[id];
  if (p.engine) p.engine->prefetch();
  if (a.incident != kNoIncident) p.brought_by.add(world_.now(), a.incident);
  saturation_[decode].add(world_.now(), a.incident);
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

}  // namespace stampede
