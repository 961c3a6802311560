// How an engine's plan is cut by newcomers and read at an instant within it.
#include <algorithm>
#include <cmath>

#include "models/serving/engine.h"

namespace stampede {

u32 Engine::add(Instant now, const SequenceInput& input, const std::vector<TextRun>& text) {
  STAMPEDE_CHECK(!active_ || end_ns_ > now.ns, "engine: add() before advance()");
  const bool decode = profile_->role == EngineRole::kDecode;
  STAMPEDE_CHECK(input.prompt >= 1 && input.output >= (decode ? 2u : 1u), "engine: empty sequence");
  STAMPEDE_CHECK(input.id != kCancelled && fits(input), "engine: sequence larger than its memory");
  const bool foretell = uptake_shows();
  const u32 ticket = ++last_ticket_;
  if (waiting_.empty()) line_since_ns_ = now.ns;
  WaitingLine& line = waiting_.of(input.priority);
  line.push_back({ticket, input.id, input.prompt, input.cached, input.output, decode ? 1u : 0u});
  if (cache_) cache_->arrive(ticket, text);
  if (profile_->async_scheduling) note_arrival(now);
  if (!active_) {
    start_ = u128{static_cast<u64>(now.ns)} << 32;
    form(nullptr);
    return ticket;
  }
  Instant uptake = kNever;
  if ((!blocked_ || newest_first(boundary_after(now)) ||
       (ranks_ && waiting_.next().front().ticket == ticket)) &&
      let_head_join(now, profile_->async_scheduling ? 1 : 0)) {
    if (foretell) uptake = certain_uptake(input);
    wake_ns_ = std::min(wake_ns_, first_sign_of(input, uptake != kNever).ns);
  } else if (blocked_) {
    stop_at_new_order();
  } else if (foretell) {
    uptake = certain_uptake(input);  // of a plan of one step
  }
  if (uptake != kNever) admissions_->admitted(input.id, uptake, 0);
  return ticket;
}

// A decode engine may say of a newcomer, before it is in line, when it will be taken up.
bool Engine::uptake_shows() const {
  return admissions_ != nullptr && timely_ && profile_->role == EngineRole::kDecode && active_ &&
         !ranks_ && !transfers_ && !profile_->async_scheduling && next_profile_ == nullptr &&
         waiting_.empty() && step_.prompt == 0 && partial_ == kNone &&
         running_ < profile_->max_seqs && budget() > decoding_;
}

// When the only one in line joins, if its memory is certain by now: no event is needed to see that.
// The plan ends with the step in progress.
Instant Engine::certain_uptake(const SequenceInput& input) const {
  const u32 used = used_blocks_ + blocks_taken(iteration_ + taken_, steps_ + 1 - taken_);
  return used + blocks(input.prompt + 1) > profile_->kv_blocks ? kNever : Instant{end_ns_};
}

// A lower bound of when a sink may see something of a newcomer for which the plan was cut. Nothing
// else is seen before the finish that was planned, as steps only get longer; by priority the
// newcomer may push out another, and they get shorter. A decode engine's admissions are seen.
Instant Engine::first_sign_of(const SequenceInput& input, bool foretold) const {
  if (ranks_ || (admissions_ != nullptr && timely_ &&
                 (every_admission_ || (profile_->role == EngineRole::kDecode && !foretold))))
    return {end_ns_};
  u128 sign = end_of(steps_);
  const u128 next = profile_->prompts_alone ? profile_->a : first_ + u128{growth_} * steps_;
  if (profile_->role == EngineRole::kDecode)
    sign += next * (input.output - 1);
  else
    sign +=
        next + profile_->b +
        u128{profile_->c} * (cache_ ? 1 : input.prompt - std::min(input.cached, input.prompt - 1));
  return {static_cast<i64>(sign >> 32)};
}

bool Engine::cancel(Instant now, u32 ticket) {
  STAMPEDE_CHECK(!active_ || end_ns_ > now.ns, "engine: cancel() before advance()");
  if (ticket == 0) return false;
  if (transfers_ && cancel_pull(now, ticket)) return true;
  const bool was_head = !waiting_.empty() && head(boundary_after(now)).ticket == ticket;
  if (const WaitingSequence gone = waiting_.cancel(ticket); gone.output != 0) {
    tokens_gone_ += gone.generated - generated_elsewhere();
    if (cache_) cache_->forget(ticket);
    if (!active_) {
      go_on_with_memory(now);  // another is at the head
    } else if (ranks_ && head_hides(now)) {
      blocked_ = false;  // the next step may see another at the head
      cut(step_in_progress(now));
      wake_ns_ = end_ns_;
    } else if (blocked_ && was_head) {
      blocked_ = false;
      if (!waiting_.empty() && let_head_join(now, 0)) wake_ns_ = end_ns_;
    }
    return true;
  }
  for (u16 slot = 0; slot < records_.slots(); ++slot) {
    if (records_[slot].ticket != ticket) continue;
    if (records_[slot].id == kCancelled) return false;
    records_[slot].id = kCancelled;
    leaving_.push_back(slot);
    cut(step_in_progress(now));
    wake_ns_ = end_ns_;  // the steps after it are shorter than those planned
    return true;
  }
  return false;
}

void Engine::retune(Instant now, const EngineProfile& next) {
  next_profile_ = &next;
  if (!active_) return;  // the next step takes it up
  cut(step_in_progress(now));
  wake_ns_ = end_ns_;
}

void Engine::look_again(Instant now) {
  blocked_ = false;
  cut(step_in_progress(now));
  wake_ns_ = end_ns_;
}

// The head of the line is new: the plan ends `steps_ahead` after the step in progress, unless the
// head has to stay. True if the plan is now shorter than it was without newcomers.
bool Engine::let_head_join(Instant now, u32 steps_ahead) {
  if (cut_) return true;
  if (steps_ == 1) return false;  // it ends so anyway
  // What the head lacks now, it will lack until a sequence leaves: decodes only take memory.
  const WaitingSequence& next = head(boundary_after(now));
  blocked_ = running_ >= profile_->max_seqs || budget_for_prompts() == 0 ||
             !memory_for(next, cached(next), budget_for_prompts());
  if (!blocked_) cut(step_in_progress(now) + steps_ahead);
  return cut_;
}

// The plan ends where the line is to be taken from its other end: the head is another then, and may
// join where the one before had to wait.
void Engine::stop_at_new_order() {
  if (profile_->lifo_after_ns == 0 || steps_ == 1 || waiting_.empty() || newest_first(start_))
    return;
  const u32 steps = step_in_progress({line_since_ns_ + profile_->lifo_after_ns - 1});
  if (steps >= steps_) return;
  steps_ = steps;
  end_ns_ = static_cast<i64>(end_of(steps) >> 32);
  wake_ns_ = std::min(wake_ns_, end_ns_);
}

// The newest sequence came in the step in progress; of an idle engine, in the last one that was.
void Engine::note_arrival(Instant now) {
  const u64 step = active_ ? steps_done() + step_in_progress(now) : steps_done();
  if (step != arrival_step_) arrived_before_ = arrived_;
  arrival_step_ = step;
  arrived_ = last_ticket_;
}

// True if the next step is formed without knowing of who is at the head of the line.
bool Engine::head_hides(Instant now) {
  if (!profile_->async_scheduling || waiting_.empty()) return false;
  const bool arrived_in_this = arrival_step_ == steps_done() + step_in_progress(now);
  return waiting_.next().front().ticket > (arrived_in_this ? arrived_before_ : arrived_);
}

// The step that starts now was formed when the one just done began.
void Engine::update_eligible() {
  eligible_ = arrival_step_ < steps_done() ? arrived_ : arrived_before_;
}

void Engine::cut(u32 steps) {
  if (steps >= steps_) return;
  steps_ = steps;
  cut_ = true;
  end_ns_ = static_cast<i64>(end_of(steps) >> 32);
}

// Number within the plan, from 1, of the step that is in progress at `now`: the first that ends
// later. A floating-point guess, put right in integers.
u32 Engine::step_in_progress(Instant now) const {
  if (steps_ == 1) return 1;
  const u128 later = u128{static_cast<u64>(now.ns) + 1} << 32;
  const u128 gone = later - start_;
  if (gone <= first_) return 1;
  const double x = static_cast<double>(static_cast<u64>(gone >> 20));
  const double u = static_cast<double>(static_cast<u64>(first_ >> 20));
  const double v = static_cast<double>(growth_ >> 20);
  const double line = u - v / 2;
  const double guess = 2 * x / (line + std::sqrt(line * line + 2 * v * x));
  u32 k = guess >= static_cast<double>(steps_) ? steps_ : std::max(1u, static_cast<u32>(guess));
  while (k > 1 && end_of(k - 1) >= later) --k;
  while (k < steps_ && end_of(k) < later) ++k;
  return k;
}

u32 Engine::kv_blocks_used(Instant now) const {
  if (!active_) return used_blocks_;
  const u32 step = std::max(taken_, step_in_progress(now));
  return used_blocks_ + blocks_taken(iteration_ + taken_, step - taken_);
}

EngineCounters Engine::counters(Instant now) const {
  EngineCounters c = counters_;
  if (active_) count_steps(c, step_in_progress(now) - 1);
  return c;
}

Duration Engine::busy(Instant now) const {
  const u128 at = u128{static_cast<u64>(now.ns)} << 32;
  const u128 sum = busy_ + (active_ && at > start_ ? at - start_ : 0);
  return {static_cast<i64>(sum >> 32)};
}

Instant Engine::last_boundary(Instant now) const {
  const u128 at = active_ ? end_of(step_in_progress(now) - 1) : start_;
  return {static_cast<i64>(at >> 32)};
}

u32 Engine::tokens_emitted(u32 ticket, Instant now) const {
  if (ticket == 0) return 0;
  for (u16 slot = 0; slot < records_.slots(); ++slot) {
    const Record& r = records_[slot];
    if (r.ticket != ticket) continue;
    if (slot == partial_) return r.base - r.prompt;
    return r.base + static_cast<u32>(iteration_) + step_in_progress(now) - 1 - r.prompt;
  }
  if (transfers_)
    for (const Pull& pull : transfers_->pulls)
      if (pull.sequence.ticket == ticket) return pull.sequence.generated;
  return waiting_.find(ticket).generated;
}

void Engine::reset(Instant now) {
  counters_ = counters(now);
  busy_ = u128{static_cast<u64>(busy(now).ns)} << 32;
  active_ = blocked_ = cut_ = false;
  generates_ = true;
  tokens_gone_ = counters_.generated_tokens;
  prompt_promised_ = counters_.prompt_tokens;
  partial_ = kNone;
  running_ = decoding_ = used_blocks_ = 0;
  context_ = 0;
  phase_.fill(0);
  records_.clear();
  finishes_.clear();
  completed_.clear();
  leaving_.clear();
  waiting_.clear();
  eligible_ = arrived_ = arrived_before_ = last_ticket_;
  if (cache_) cache_->clear();
  if (ranks_) *ranks_ = {};
  if (transfers_) *transfers_ = {};
}

}  // namespace stampede
