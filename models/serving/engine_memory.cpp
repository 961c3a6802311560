// Blocks of an engine's sequences: who finds memory, who takes it, who gives it back; and what must
// add up, counted anew from the sequences.
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
  if (cache_) {
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

// ---- conservation ------------------------------------------------------------------------------
void Engine::verify() const {
  u32 running = 0, in_phase = 0;
  for (const Record& r : records_) running += r.ticket != 0 ? 1 : 0;
  for (const u16 n : phase_) in_phase += n;
  STAMPEDE_CHECK(running == running_, "engine: running sequences are not conserved");
  STAMPEDE_CHECK(decoding_ == in_phase && decoding_ == finishes_.size(),
                 "engine: decoding sequences are not conserved");
  STAMPEDE_CHECK(active_ == (running != 0 || !waiting_.empty()), "engine: idle with work to do");
  waiting_.verify();
  verify_blocks();
  verify_tokens();
}

void Engine::verify_blocks() const {
  const auto stalls = [this](u16 slot) {
    return ranks_ &&
           std::find(ranks_->stalled.begin(), ranks_->stalled.end(), slot) != ranks_->stalled.end();
  };
  std::vector<BlockCache::Holder> holders;
  u64 held = 0;
  for (u16 slot = 0; slot < records_.slots(); ++slot) {
    const Record& r = records_[slot];
    if (r.ticket == 0) continue;
    // Those of the plan's first step are taken already, but not for who goes without it.
    const u32 own =
        blocks(slot == partial_ ? partial_computed_
                                : r.base + static_cast<u32>(iteration_) - (stalls(slot) ? 1 : 0));
    held += own;
    holders.push_back({r.ticket, own});
  }
  if (cache_) {
    waiting_.for_each_live([&](const WaitingSequence& w) { holders.push_back({w.ticket, 0}); });
    cache_->verify(holders);
    held = profile_->kv_blocks - cache_->free();  // some are held by several
  }
  STAMPEDE_CHECK(used_blocks_ == held, "engine: KV blocks are not conserved");
  STAMPEDE_CHECK(used_blocks_ <= profile_->kv_blocks, "engine: more KV blocks than it has");
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

}  // namespace stampede
