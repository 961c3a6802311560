// vLLM's priority policy: who gives way when an allocation fails, and who goes without a step then.
#include <algorithm>

#include "models/serving/engine.h"

namespace stampede {

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
