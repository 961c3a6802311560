// The way of a prompt's KV from a prefill to a decode pod: pushed, or held until it is fetched.
#include <algorithm>

#include "models/serving/engine.h"
#include "models/serving/region.h"

namespace stampede {

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
  Pod& p = pods_[id];
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

}  // namespace stampede
