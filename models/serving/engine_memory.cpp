// Blocks of an engine's sequences: who finds memory, who takes it, who gives it back; whose KV goes
// to another engine or comes from one; and what must add up, counted anew from the sequences.
// Source of transfers: vLLM NixlConnector: a prefill engine frees a prompt's blocks when the other
// side has read them; a decode engine allocates, reads (WAITING_FOR_REMOTE_KVS), then schedules.
// Limits: what comes or goes during a step counts from its end on, with async_scheduling too; whose
// KV has come goes on before everybody in line.
#include <algorithm>
#include <vector>

#include "models/serving/engine.h"

namespace stampede {

// What `w` finds in the engine's own blocks; a sequence that arrives with its KV looks for nothing.
BlockCache::Hit Engine::cached(const WaitingSequence& w) const {
  if (!cache_ || decodes_at_once(w)) return {};
  return cache_->find(w.ticket, w.prompt + w.generated);
}

// Tokens at the beginning of `w` that need not be computed.
u32 Engine::cached_tokens(const WaitingSequence& w, BlockCache::Hit hit) const {
  if (cache_) return hit.blocks * kBlockTokens;
  return std::min(w.cached, w.prompt + w.generated - 1);
}

// True if the first step of `w` finds blocks, given the tokens left in that step's budget.
bool Engine::memory_for(const WaitingSequence& w, BlockCache::Hit hit, u32 budget) const {
  const u32 known = w.prompt + w.generated;
  const u32 computed = cached_tokens(w, hit);
  const bool whole = decodes_at_once(w) || profile_->reserve_full_prompt;
  const u32 needed = blocks(whole ? known : computed + std::min(known - computed, budget));
  return used_blocks_ + needed - (hit.blocks - hit.idle) <= profile_->kv_blocks;
}

// Takes a sequence off the engine at a step boundary, with the tokens computed for it.
void Engine::remove(u16 slot, u32 held_tokens, bool returns) {
  Record& r = records_[slot];
  if (profile_->holds_handed_over && !returns && r.id != kCancelled) {
    park(slot, held_tokens);
  } else if (cache_) {
    cache_->let_go(r.ticket, held_tokens, returns);
    if (!returns) cache_->forget(r.ticket);
    used_blocks_ = profile_->kv_blocks - cache_->free();
  } else {
    used_blocks_ -= blocks(held_tokens);
  }
  r.ticket = 0;
  records_.give_back(slot);
  --running_;
}

// The sequence in `slot` has `before` tokens in memory and needs it for `tokens`.
void Engine::hold(u16 slot, u32 before, u32 tokens) {
  if (!cache_) {
    used_blocks_ += blocks(tokens) - blocks(before);
    return;
  }
  take(blocks(tokens) - blocks(before));
  cache_->name(records_[slot].ticket, tokens);
}

void Engine::take(u32 count) {
  used_blocks_ += count;
  if (cache_) STAMPEDE_CHECK(cache_->take(count), "engine: blocks promised and not there");
}

// Takes the blocks of the plan's steps up to `steps`, as far as they have not been taken.
void Engine::take_until(u32 steps) {
  if (told_ == nullptr) {
    take(blocks_taken(iteration_ + taken_, steps - taken_));
    taken_ = steps;
    return;
  }
  for (; taken_ < steps; ++taken_) {
    stamp(Instant{static_cast<i64>(end_of(taken_) >> 32)});
    take(blocks_taken(iteration_ + taken_, 1));
  }
}

// Blocks that decoding sequences take in `count` steps from iteration `first`: each one every 16th.
u32 Engine::blocks_taken(u64 first, u32 count) const {
  u32 sum = count / 16 * decoding_;
  for (u32 i = 0; i < count % 16; ++i) sum += phase_[(1 - (first + i)) & 15];
  return sum;
}

// At most `count`: steps until an allocation fails, the first being allocated.
u32 Engine::steps_within_memory(u32 count) const {
  const u32 free = profile_->kv_blocks - used_blocks_;
  if (u64{count / 16 + 1} * decoding_ <= free) return count;
  const u32 whole = std::min(free / decoding_, (count - 1) / 16);
  u32 steps = 1 + whole * 16;
  u32 left = free - whole * decoding_;
  while (steps < count) {
    const u32 need = phase_[(1 - (iteration_ + steps)) & 15];
    if (need > left) break;
    left -= need;
    ++steps;
  }
  return steps;
}

// Tokens in memory of a sequence at a step boundary; a prefill that was completed counts as a
// decode.
u32 Engine::tokens_held(u16 slot) const {
  if (slot == partial_) return partial_computed_;
  return records_[slot].base + static_cast<u32>(iteration_) - 1;
}

// ---- transfers
// ----------------------------------------------------------------------------------- Its blocks
// stay in use when its sequence has left.
void Engine::park(u16 slot, u32 held_tokens) {
  transfers_->parked.push_back({records_[slot].ticket, held_tokens});
  transfers_->blocks += blocks(held_tokens);
}

bool Engine::holds(u32 ticket) const {
  return transfers_ && std::any_of(transfers_->parked.begin(), transfers_->parked.end(),
                                   [ticket](const Parked& p) { return p.ticket == ticket; });
}

bool Engine::release(Instant now, u32 ticket) {
  STAMPEDE_CHECK(!active_ || end_ns_ > now.ns, "engine: release() before advance()");
  stamp(now);
  if (!transfers_) return false;
  const auto parked = std::find_if(transfers_->parked.begin(), transfers_->parked.end(),
                                   [ticket](const Parked& p) { return p.ticket == ticket; });
  if (parked == transfers_->parked.end()) return false;
  transfers_->blocks -= blocks(parked->tokens);
  used_blocks_ -= blocks(parked->tokens);
  if (cache_) {
    cache_->let_go(ticket, parked->tokens, false);
    cache_->forget(ticket);
    used_blocks_ = profile_->kv_blocks - cache_->free();
  }
  transfers_->parked.erase(parked);
  go_on_with_memory(now);
  return true;
}

// There is memory for its prompt; its KV may come.
void Engine::begin_pull(const WaitingSequence& next, i32 priority) {
  take(blocks(next.prompt + next.generated));
  transfers_->blocks += blocks(next.prompt + next.generated);
  transfers_->pulls.push_back({next, priority, false});
  if (admissions_ != nullptr)
    admissions_->may_pull(next.id, Instant{static_cast<i64>(start_ >> 32)});
}

bool Engine::pulled(Instant now, u32 ticket) {
  STAMPEDE_CHECK(!active_ || end_ns_ > now.ns, "engine: pulled() before advance()");
  for (Pull& pull : transfers_->pulls) {
    if (pull.sequence.ticket != ticket || pull.here) continue;
    pull.here = true;
    ++transfers_->here;
    if (active_) {
      cut(step_in_progress(now));
      wake_ns_ = end_ns_;
    } else {
      start_ = u128{static_cast<u64>(now.ns)} << 32;
      form(nullptr);
    }
    return true;
  }
  return false;
}

// Those whose KV is here go on, as far as there are places.
void Engine::admit_pulled(Step& step) {
  std::vector<Pull>& pulls = transfers_->pulls;
  for (std::size_t i = 0; i < pulls.size() && transfers_->here > 0;) {
    if (running_ >= profile_->max_seqs || step.budget == 0) return;
    if (!pulls[i].here) {
      ++i;
      continue;
    }
    const WaitingSequence w = pulls[i].sequence;
    const u32 known = w.prompt + w.generated;
    const u16 slot = take_slot();
    if (ranks_) rank(slot, pulls[i].priority);
    records_[slot] = {w.ticket, w.id, w.prompt, w.cached, w.output, known};
    transfers_->blocks -= blocks(known);
    --transfers_->here;
    pulls.erase(pulls.begin() + static_cast<std::ptrdiff_t>(i));
    if (cache_) cache_->name(w.ticket, known);
    ++step.sequences;
    --step.budget;
    step.context += known;
    start_decoding(slot, known);
    if (admissions_ != nullptr)
      admissions_->admitted(w.id, Instant{static_cast<i64>(start_ >> 32)}, 0);
  }
}

bool Engine::cancel_pull(Instant now, u32 ticket) {
  std::vector<Pull>& pulls = transfers_->pulls;
  const auto pull = std::find_if(pulls.begin(), pulls.end(),
                                 [ticket](const Pull& p) { return p.sequence.ticket == ticket; });
  if (pull == pulls.end()) return false;
  const u32 tokens = pull->sequence.prompt + pull->sequence.generated;
  stamp(now);
  transfers_->here -= pull->here ? 1 : 0;
  transfers_->blocks -= blocks(tokens);
  used_blocks_ -= blocks(tokens);
  pulls.erase(pull);
  if (cache_) {
    cache_->let_go(ticket, tokens, false);
    cache_->forget(ticket);
    used_blocks_ = profile_->kv_blocks - cache_->free();
  }
  go_on_with_memory(now);
  return true;
}

// Memory was given back, or the head of a sleeping engine's line has gone.
void Engine::go_on_with_memory(Instant now) {
  if (!active_) {
    if (waiting_.empty() && !ready()) return;
    start_ = u128{static_cast<u64>(now.ns)} << 32;
    form(nullptr);
  } else if (blocked_) {
    blocked_ = false;
    cut(step_in_progress(now));
    wake_ns_ = end_ns_;
  }
}

// ---- conservation ------------------------------------------------------------------------------
void Engine::verify() const {
  u32 running = 0, in_phase = 0;
  for (const Record& r : records_) running += r.ticket != 0 ? 1 : 0;
  for (const u16 n : phase_) in_phase += n;
  STAMPEDE_CHECK(running == running_, "engine: running sequences are not conserved");
  STAMPEDE_CHECK(decoding_ == in_phase && decoding_ == finishes_.size(),
                 "engine: decoding sequences are not conserved");
  const bool asleep = aside() > 0 && running == 0;
  STAMPEDE_CHECK(active_ == (running != 0 || !waiting_.empty()) || asleep,
                 "engine: idle with work to do");
  waiting_.verify();
  verify_blocks();
  verify_tokens();
}

bool Engine::goes_without(u16 slot) const {
  const auto among = [slot](const std::vector<u16>& slots) {
    return std::find(slots.begin(), slots.end(), slot) != slots.end();
  };
  return generates_ ? ranks_ && among(ranks_->stalled) : !among(completed_);
}

void Engine::verify_blocks() const {
  std::vector<BlockCache::Holder> holders;
  u64 held = 0;
  for (u16 slot = 0; slot < records_.slots(); ++slot) {
    const Record& r = records_[slot];
    if (r.ticket == 0) continue;
    // Those of the plan's first step are taken already, but not for who goes without it.
    const u32 own = blocks(slot == partial_ ? partial_computed_
                                            : r.base + static_cast<u32>(iteration_) + taken_ - 1 -
                                                  (goes_without(slot) ? 1 : 0));
    held += own;
    holders.push_back({r.ticket, own});
  }
  held += verify_transfers(holders);
  if (cache_) {
    waiting_.for_each_live([&](const WaitingSequence& w) { holders.push_back({w.ticket, 0}); });
    cache_->verify(holders);
    held = profile_->kv_blocks - cache_->free();  // some are held by several
  }
  STAMPEDE_CHECK(used_blocks_ == held, "engine: KV blocks are not conserved");
  STAMPEDE_CHECK(used_blocks_ <= profile_->kv_blocks, "engine: more KV blocks than it has");
}

u64 Engine::verify_transfers(std::vector<BlockCache::Holder>& holders) const {
  if (!transfers_) return 0;
  u64 held = 0;
  u32 here = 0;
  for (const Parked& p : transfers_->parked) {
    held += blocks(p.tokens);
    holders.push_back({p.ticket, blocks(p.tokens)});
  }
  for (const Pull& p : transfers_->pulls) {
    const u32 own = blocks(p.sequence.prompt + p.sequence.generated);
    held += own;
    here += p.here ? 1 : 0;
    holders.push_back({p.sequence.ticket, own});
  }
  STAMPEDE_CHECK(held == transfers_->blocks && here == transfers_->here,
                 "engine: KV blocks on their way are not conserved");
  return held;
}

void Engine::verify_tokens() const {
  u64 generated = tokens_gone_;
  for (u16 slot = 0; slot < records_.slots(); ++slot)
    if (records_[slot].ticket != 0) generated += generated_here(slot);
  waiting_.for_each_live(
      [&](const WaitingSequence& w) { generated += w.generated - generated_elsewhere(); });
  STAMPEDE_CHECK(counters_.generated_tokens == generated,
                 "engine: generated tokens are not conserved");
  const u64 computed = counters_.prompt_tokens + (active_ ? step_.prompt : 0);
  STAMPEDE_CHECK(computed + prompt_left() == prompt_promised_,
                 "engine: prompt tokens are not conserved");
}

// ---- vLLM's priority policy: who gives way, and who goes without a step ------------------------

// Continues running sequences in a step in which an allocation fails, in the order in which they
// were admitted.
void Engine::walk_by_priority(Step& step, EngineSink* sink) {
  std::vector<u16> walk;
  for (u16 slot = 0; slot < records_.slots(); ++slot)
    if (records_[slot].ticket != 0 && records_[slot].output != 0) walk.push_back(slot);
  std::sort(walk.begin(), walk.end(),
            [this](u16 x, u16 y) { return walk_order(x) < walk_order(y); });
  u32 done = 0;  // of them have their tokens of this step
  while (done < walk.size()) {
    const u16 slot = walk[done];
    const u32 held = tokens_held(slot);
    step.budget = profile_->budget - done;
    const u32 more = slot == partial_ ? std::min(records_[slot].base - held, step.budget) : 1;
    if (!make_room(walk, done, blocks(held + more) - blocks(held), sink)) break;
    if (slot != partial_) hold(slot, held, held + 1);
    ++done;
  }
  const bool goes_on = partial_ != kNone && done == walk.size();
  for (; done < walk.size(); ++done) stall(walk[done]);
  step.sequences = decoding_;
  step.context = context_;
  if (!goes_on) return;
  const u16 slot = partial_;  // admitted last
  partial_ = kNone;
  compute_chunk(step, slot, partial_computed_, records_[slot].base);
}

// Makes room for the one at place `done`. The worst of all gives way, also one that already has its
// token of this step; false if that is the one itself, which ends the walk.
bool Engine::make_room(std::vector<u16>& walk, u32& done, u32 needed, EngineSink* sink) {
  while (used_blocks_ + needed > profile_->kv_blocks) {
    STAMPEDE_CHECK(running_ > 1 || !departed_.empty() || aside() > 0, "engine: nothing to preempt");
    const auto worst = std::max_element(walk.begin(), walk.end(), [this](u16 x, u16 y) {
      return std::pair(ranks_->of[x].priority, records_[x].ticket) <
             std::pair(ranks_->of[y].priority, records_[y].ticket);
    });
    const auto place = static_cast<u32>(worst - walk.begin());
    preempt(*worst, tokens_held(*worst) + (place < done ? 1 : 0), sink);
    walk.erase(worst);
    if (place == done) return false;
    if (place < done) --done;
  }
  return true;
}

void Engine::stall(u16 slot) {
  if (slot == partial_) return;  // as it is
  stop_decoding(slot);
  ranks_->stalled.push_back(slot);
}

// They go on as they were `steps` iterations ago.
void Engine::resume_stalled(u32 steps) {
  if (!ranks_) return;
  for (const u16 slot : ranks_->stalled)
    start_decoding(slot, records_[slot].base + static_cast<u32>(iteration_) - steps);
  ranks_->stalled.clear();
}

void Engine::rank(u16 slot, i32 priority) {
  if (slot >= ranks_->of.size()) ranks_->of.resize(slot + std::size_t{1});
  ranks_->of[slot] = {priority, ++ranks_->admissions};
}

}  // namespace stampede
