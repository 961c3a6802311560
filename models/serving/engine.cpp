#include "models/serving/engine.h"

#include <algorithm>
#include <utility>

namespace stampede {

Engine::Engine(const EngineProfile& profile) : profile_(&profile), waiting_(profile.by_priority) {
  if (profile.by_priority) ranks_ = std::make_unique<Ranks>();
  if (profile.prefix_caching) cache_ = std::make_unique<BlockCache>(profile.kv_blocks);
  if (profile.holds_handed_over || profile.pulls) transfers_ = std::make_unique<Transfers>();
}

void Engine::boundary(EngineSink& sink) {
  finish_steps();
  deliver(sink);
  form(&sink);
}

// The plan's steps are over: brings all counts to its end.
void Engine::finish_steps() {
  const u128 end = end_of(steps_);
  busy_ += end - start_;
  take_until(steps_);
  start_ = end;
  count_steps(counters_, steps_);
  if (!generates_) {
    ++alone_;
    return;
  }
  iteration_ += steps_;
  context_ += u64{decoding_} * steps_;
  resume_stalled(steps_);
}

// Adds the plan's first `done` steps.
void Engine::count_steps(EngineCounters& counters, u32 done) const {
  const u64 n = done;
  counters.steps += n;
  counters.generated_tokens += (generates_ ? u64{decoding_} : completed_.size()) * n;
  counters.sequence_steps += u64{step_.sequences} * n;
  counters.context_tokens += step_.context * n + (n == 0 ? 0 : u64{decoding_} * (n * (n - 1) / 2));
  counters.prompt_tokens += u64{step_.prompt} * n;
  counters.attention_pairs += step_.half_pairs * n;
}

// Tells what the plan's last step brought forth and lets go of what is done.
void Engine::deliver(EngineSink& sink) {
  const Instant at{static_cast<i64>(start_ >> 32)};
  for (const u16 slot : completed_) {
    const Record& r = records_[slot];
    if (!generates_) start_decoding(slot, r.base + static_cast<u32>(iteration_) + 1);
    if (profile_->role == EngineRole::kPrefill) {
      ++counters_.generated_tokens;
      if (r.id == kCancelled) continue;  // removed below
      sink.first_token(r.id, at);
      depart(slot);
    } else if (r.id != kCancelled && r.base + static_cast<u32>(iteration_) == r.prompt + 1) {
      sink.first_token(r.id, at);  // and not after a recompute
    }
  }
  completed_.clear();
  for (const u16 slot : leaving_) {
    const u32 held = tokens_held(slot);
    tokens_gone_ += generated_here(slot);
    if (slot == partial_)
      drop_partial();
    else if (profile_->role != EngineRole::kPrefill)
      stop_decoding(slot);
    remove(slot, held);
  }
  leaving_.clear();
  while (!finishes_.empty() && finishes_.front() >> 16 == iteration_) {
    const u16 slot = static_cast<u16>(finishes_.front() & 0xffff);
    sink.finished(records_[slot].id, at);
    stop_decoding(slot);
    depart(slot);
  }
  if (!departed_.empty() && !profile_->async_scheduling) release_departed();
}

// It is done. With async_scheduling the step that starts now was formed without knowing it.
void Engine::depart(u16 slot) {
  tokens_gone_ += generated_here(slot);
  if (!profile_->async_scheduling && !cache_) return remove(slot, tokens_held(slot));
  records_[slot].output = 0;
  departed_.push_back(slot);
}

// In the order in which the scheduler walks them: the cache takes their blocks in that order.
void Engine::release_departed() {
  std::sort(departed_.begin(), departed_.end(),
            [this](u16 x, u16 y) { return walk_order(x) < walk_order(y); });
  for (const u16 slot : departed_) remove(slot, tokens_held(slot));
  departed_.clear();
}

// Forms the step that starts at start_ as vLLM's scheduler would.
void Engine::form(EngineSink* sink) {
  if (next_profile_ != nullptr) [[unlikely]]
    profile_ = std::exchange(next_profile_, nullptr);
  cut_ = false;
  blocked_ = false;
  stamp(Instant{static_cast<i64>(start_ >> 32)});
  active_ = running_ != departed_.size() || !waiting_.empty() || ready();
  if (!active_) return release_departed();
  update_eligible();
  Step step;
  bool changes = false, all_seen = false;
  for (;;) {
    step = {};
    step.budget = budget();
    const bool preempted = compose(step, sink);
    changes |= preempted || !departed_.empty();
    if (!departed_.empty()) release_departed();
    if (step.sequences != 0) break;
    if (all_seen && aside() > 0) {  // it sleeps until memory is given back or KV comes
      active_ = false;
      return;
    }
    // Nothing to do in this step: it takes no time, and the next one sees everything.
    all_seen = !preempted;
    eligible_ = last_ticket_;
    resume_stalled(0);
  }
  blocked_ = !waiting_.empty();
  changes |= blocked_ && !may_join(waiting_.next().front().ticket);
  plan(step, (blocked_ || ready()) && changes);
}

// What the step computes; true if that took preemption.
bool Engine::compose(Step& step, EngineSink* sink) {
  if (profile_->prompts_alone && compute_prompts_alone(step)) return false;
  if (continue_running(step, sink)) return true;
  if (!profile_->prompts_alone && (transfers_ || !waiting_.empty())) admit(step);
  return false;
}

// Prompts as far as places, budget and memory go; false if there is none to compute. Memory for the
// rest of one that is computed in part was free when it was admitted, and nothing has taken any.
bool Engine::compute_prompts_alone(Step& step) {
  generates_ = false;
  if (partial_ != kNone) {
    const u16 slot = partial_;
    partial_ = kNone;
    compute_chunk(step, slot, partial_computed_, records_[slot].base);
  }
  if (!waiting_.empty()) admit(step);
  generates_ = step.sequences == 0;
  return !generates_;
}

// Running sequences first. As many of the last are preempted as the others need memory; true if
// any. Dropping the last until the rest fits is what vLLM's walk from the front comes to: a
// preempted sequence is always behind the one that lacks a block. Not so by priority.
bool Engine::continue_running(Step& step, EngineSink* sink) {
  bool preempted = false;
  for (;;) {
    u32 needed = phase_[(1 - iteration_) & 15];
    if (partial_ != kNone) {
      const u32 rest = records_[partial_].base - partial_computed_;
      const u32 chunk = std::min(rest, budget() - decoding_);
      needed += blocks(partial_computed_ + chunk) - blocks(partial_computed_);
    }
    if (used_blocks_ + needed <= profile_->kv_blocks) break;
    if (ranks_) {
      walk_by_priority(step, sink);
      return true;
    }
    preempt_last(sink);
    preempted = true;
  }
  take(blocks_taken(iteration_, 1));
  step.sequences = decoding_;
  step.context = context_;
  step.budget -= decoding_;
  if (partial_ != kNone) {
    const u16 slot = partial_;
    partial_ = kNone;
    compute_chunk(step, slot, partial_computed_, records_[slot].base);
  }
  return preempted;
}

void Engine::preempt_last(EngineSink* sink) {
  u16 last = partial_;  // else the newest, in whatever order they were admitted
  if (last == kNone) {
    u32 newest = 0;
    for (std::size_t slot = 0; slot < records_.slots(); ++slot)
      if (records_[slot].ticket > newest && records_[slot].output != 0)
        newest = records_[slot].ticket, last = static_cast<u16>(slot);
  }
  STAMPEDE_CHECK(last != kNone && (running_ > 1 || !departed_.empty() || aside() > 0),
                 "engine: nothing to preempt");
  preempt(last, tokens_held(last), sink);
}

void Engine::preempt(u16 slot, u32 held_tokens, EngineSink* sink) {
  const Record r = records_[slot];
  u32 known = r.base;
  if (slot != partial_) known += static_cast<u32>(iteration_);
  if (waiting_.empty()) line_since_ns_ = static_cast<i64>(start_ >> 32);
  waiting_.of(ranks_ ? ranks_->of[slot].priority : 0)
      .rejoin({r.ticket, r.id, r.prompt, r.cached, r.output, known - r.prompt});
  ++counters_.preemptions;
  sink->preempted(r.id, Instant{static_cast<i64>(start_ >> 32)});
  if (slot == partial_)
    drop_partial();
  else
    stop_decoding(slot);
  remove(slot, held_tokens, true);
}

void Engine::admit(Step& step) {
  if (transfers_) admit_pulled(step);
  const bool from_back = newest_first(start_);
  while (!waiting_.empty() && running_ < profile_->max_seqs && step.budget > 0) {
    WaitingLine& line = waiting_.next(last_visible());
    const WaitingSequence next = from_back ? line.back() : line.front();
    if (!may_join(next.ticket)) break;
    const BlockCache::Hit hit = cached(next);
    if (!memory_for(next, hit, step.budget)) break;
    from_back ? line.pop_back() : line.pop_front();
    if (profile_->pulls && decodes_at_once(next)) {
      begin_pull(next, line.priority());
      continue;
    }
    const u16 slot = take_slot();
    if (ranks_) rank(slot, line.priority());
    const u32 known = next.prompt + next.generated;
    if (admissions_ != nullptr && next.generated == generated_elsewhere())
      admissions_->admitted(next.id, Instant{static_cast<i64>(start_ >> 32)},
                            decodes_at_once(next) ? 0 : cached_tokens(next, hit));
    records_[slot] = {next.ticket, next.id, next.prompt, next.cached, next.output, known};
    if (decodes_at_once(next)) {
      hold(slot, 0, known);
      ++step.sequences;
      --step.budget;
      step.context += known;
      start_decoding(slot, known);
    } else {
      const u32 computed = cached_tokens(next, hit);
      if (cache_) {
        cache_->share(next.ticket, hit.blocks);
        used_blocks_ = profile_->kv_blocks - cache_->free();
        counters_.shared_tokens += computed;
        if (!cache_->returned(next.ticket)) {
          lookups_.asked += known;
          lookups_.found += computed;
        }
      } else {
        used_blocks_ += blocks(computed);
      }
      prompt_promised_ += known - computed;
      compute_chunk(step, slot, computed, known);
    }
  }
}

// Computes the next chunk of a prompt (or of what a recompute needs) in this step.
void Engine::compute_chunk(Step& step, u16 slot, u32 computed, u32 known) {
  const u32 chunk = std::min(known - computed, step.budget);
  hold(slot, computed, computed + chunk);
  ++step.sequences;
  step.budget -= chunk;
  step.prompt += chunk;
  step.half_pairs += u64{chunk} * (2 * u64{computed} + chunk);
  if (computed + chunk < known) {
    partial_ = slot;
    partial_computed_ = computed + chunk;
    return;
  }
  completed_.push_back(slot);
  if (profile_->role == EngineRole::kPrefill || !generates_)
    records_[slot].base = known - static_cast<u32>(iteration_);
  else
    start_decoding(slot, known);
}

// From here on the sequence gains a token a step.
void Engine::start_decoding(u16 slot, u32 known) {
  Record& r = records_[slot];
  r.base = known - static_cast<u32>(iteration_);
  ++phase_[r.base & 15];
  ++decoding_;
  context_ += known;
  const u64 finish = iteration_ + (r.prompt + r.output - known);
  finishes_.push_back(finish << 16 | slot);
  std::push_heap(finishes_.begin(), finishes_.end(), std::greater<>());
}

void Engine::stop_decoding(u16 slot) {
  const Record& r = records_[slot];
  --phase_[r.base & 15];
  --decoding_;
  context_ -= r.base + static_cast<u32>(iteration_);
  if ((finishes_.front() & 0xffff) == slot) {
    std::pop_heap(finishes_.begin(), finishes_.end(), std::greater<>());
    finishes_.pop_back();
    return;
  }
  const auto same = [slot](u64 entry) { return (entry & 0xffff) == slot; };
  finishes_.erase(std::find_if(finishes_.begin(), finishes_.end(), same));
  std::make_heap(finishes_.begin(), finishes_.end(), std::greater<>());
}

u16 Engine::take_slot() {
  ++running_;
  return records_.take_as_left();
}

// Lays down how long steps take and how many can go by before the composition changes.
void Engine::plan(const Step& step, bool single) {
  const EngineProfile& p = *profile_;
  step_ = step;
  first_ = u128{p.a} + u128{p.b} * step.sequences + u128{p.c} * step.prompt +
           u128{p.half_e} * step.half_pairs + u128{p.d} * step.context;
  steps_ = taken_ = 1;
  growth_ = p.d * decoding_;
  if (!single && step.prompt == 0 && p.macro_steps)
    steps_ = steps_within_memory(static_cast<u32>((finishes_.front() >> 16) - iteration_));
  end_ns_ = wake_ns_ = static_cast<i64>(end_of(steps_) >> 32);
  stop_at_new_order();
}

}  // namespace stampede
