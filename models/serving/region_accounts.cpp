// A region's accounts: what of its engines' time went into attempts that were of no use to anybody,
// what must add up, and how long requests wait in its engines' lines.
// An engine's time is shared out by tokens: a prompt token costs what the step-time line says it
// adds, what is left of the busy time falls on the generated tokens in equal parts.
// Limits: a prompt counts in blocks of 16 tokens and as a whole once its prefill began; what is
// computed again after a preemption falls on all attempts; an attempt counts at its end.
#include <algorithm>

#include "models/serving/engine.h"
#include "models/serving/pool_saturation.h"
#include "models/serving/region.h"

namespace stampede {

Region::Spent Region::spent_by(const Pod& p) const {
  const Instant now = engine_time(p);
  const EngineCounters c = p.engine->counters(now);
  Duration busy = p.engine->busy(now);
  if (p.clock) busy = busy + p.clock->longer(busy);
  return {{c.prompt_tokens, c.generated_tokens}, busy.ns, c.steps, c.preemptions};
}

// `emitted`: tokens that the attempt has so far, the first one included; `ran`: it was computed on
// where it is, not only in line there.
void Region::count_waste(const Attempt& a, u32 emitted, bool ran) {
  const WorkloadId here = pods_[a.pod].workload;
  const WorkloadId partner = routes_.partner[here];
  const bool decodes = profiles_[here]->role == EngineRole::kDecode;
  const WorkloadId first = decodes ? partner : here;
  if (a.decoding || ran || emitted > 0) wasted_[first].prompt += u64{a.prefilled_blocks} * 16;
  if (a.decoding) {
    wasted_[first].generated += 1;
    wasted_[decodes ? here : partner].generated += emitted > 0 ? emitted - 1 : 0;
  } else {
    wasted_[first].generated += emitted;
  }
}

EngineTime Region::engine_time(WorkloadId workload) const {
  Spent all = gone_[workload];
  for (const Pod& p : pods_) {
    if (!p.engine || p.workload != workload) continue;
    all += spent_by(p);
  }
  const Tokens& wasted = wasted_[workload];
  EngineTime time;
  time.busy_ns = all.busy_ns;
  time.busy = static_cast<double>(all.busy_ns) * 1e-9;
  const double prompt_token = params_.pools[workload].engine.step_per_prompt_token.seconds();
  const double rest =
      std::max(0.0, time.busy - prompt_token * static_cast<double>(all.tokens.prompt));
  time.wasted = prompt_token * static_cast<double>(wasted.prompt);
  if (all.tokens.generated > 0)
    time.wasted +=
        rest * static_cast<double>(wasted.generated) / static_cast<double>(all.tokens.generated);
  time.wasted = std::min(time.wasted, time.busy);
  return time;
}

// ---- conservation ------------------------------------------------------------------------------
void Region::verify_attempts() const {
  u64 in_flight = 0;
  for (PodId id = 0; id < pods_.size(); ++id) {
    const u32 here = (pods_[id].engine ? pods_[id].engine->live() : 0) +
                     static_cast<u32>(pods_[id].rendering.size());
    STAMPEDE_CHECK(active_.of(id) == here, "an engine has other attempts than were sent to it");
    in_flight += here;
  }
  STAMPEDE_CHECK(active_.total == in_flight, "attempts in a region's engines are not conserved");
  STAMPEDE_CHECK(holds_ >= in_flight + handing_over_ + asking_ + (flow_ ? flow_->held() : 0),
                 "a region has attempts that it does not hold");
  STAMPEDE_CHECK(counts_.cached_tokens <= counts_.prompt_tokens,
                 "more tokens were found in caches than were asked for");
}

void Region::verify_next_engine() {
  if (pods_.empty()) return;
  verified_ = (verified_ + 1) % pods_.size();
  if (pods_[verified_].engine) pods_[verified_].engine->verify();
}

void Region::verify_all() const {
  verify_attempts();
  for (const Pod& p : pods_)
    if (p.engine) p.engine->verify();
  u64 logging_in = 0;
  for (AttemptSlot slot = 0; slot < wiring_.attempts->slots(); ++slot)
    logging_in += turns_.waits(slot) || (held_ && held_->logging_in(slot)) ? 1 : 0;
  const u64 held = flow_ ? flow_->held() : 0;
  STAMPEDE_CHECK(holds_ == active_.total + handing_over_ + logging_in + asking_ + held,
                 "attempts held by a region are not conserved");
}

// Of a process [B].
double Region::memory_of(const Pod& p) const {
  const FrontEndParams& front = params_.pools[p.workload].front_end;
  const i64 requests = i64{p.engine->waiting()} + p.engine->running();
  return static_cast<double>(front.memory_idle.value) +
         static_cast<double>(requests) * static_cast<double>(front.memory_per_request.value);
}

// ---- how long requests wait in the lines of engines, looked at now and then
// -----------------------
void Region::look_at_lines() {
  for (std::size_t w = 0; w < saturation_.size(); ++w) {
    const Instant now = world_.now();
    const auto workload = static_cast<WorkloadId>(w);
    PoolSaturation::Lines lines;
    for (PodId id = 0; id < pods_.size(); ++id) {
      const Pod& p = pods_[id];
      if (!p.serving || p.workload != workload || (!faults_.empty() && faults_.pace(id) == 0))
        continue;
      ++lines.pods;
      auto wait = PoolSaturation::Wait::kShort;
      p.engine->for_each_first_in_line([&](u32 slot) {
        wait = std::max(wait, PoolSaturation::judge(now, (*wiring_.attempts)[slot],
                                                    wiring_.clients->deadlines(slot)));
      });
      if (wait == PoolSaturation::Wait::kShort) continue;
      ++lines.noticed;
      if (wait != PoolSaturation::Wait::kLong) continue;
      ++lines.late;
      lines.causes.push_back(ailment(id));
    }
    if (lines.late > 0 && saturation_[w].incident() == kNoIncident) {
      lines.causes.push_back(strain_of_size(workload));
      tuned_.add_to(lines.causes, now);
    }
    saturation_[w].look(world_, name_, params_.pools[w].name, std::move(lines));
  }
}

IncidentId Region::saturated(WorkloadId workload) const { return saturation_[workload].incident(); }

bool Region::strained_for_no_reason() const {
  return std::any_of(saturation_.begin(), saturation_.end(),
                     [](const PoolSaturation& pool) { return pool.unexplained(); });
}

}  // namespace stampede
