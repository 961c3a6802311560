// What of the engines' time went into attempts that were of no use to anybody.
// An engine's time is shared out by tokens: a prompt token costs what the step-time line says it
// adds, what is left of the busy time falls on the generated tokens in equal parts.
// Limits: a prompt counts in blocks of 16 tokens and as a whole once its prefill began; what is
// computed again after a preemption falls on all attempts; an attempt counts at its end.
#include <algorithm>

#include "models/serving/engine.h"
#include "models/serving/region.h"

namespace stampede {

Region::Spent Region::spent_by(const Engine& engine) const {
  const EngineCounters c = engine.counters(world_.now());
  return {{c.prompt_tokens, c.generated_tokens}, engine.busy(world_.now()).ns};
}

// `emitted`: tokens that the attempt has so far, the first one included; `ran`: it was computed on
// where it is, not only in line there.
void Region::count_waste(const Attempt& a, u32 emitted, bool ran) {
  const WorkloadId last = static_cast<WorkloadId>(profiles_.size() - 1);
  const bool split = profiles_[0].role == EngineRole::kPrefill;
  if (a.decoding || ran || emitted > 0) wasted_[0].prompt += u64{a.prefilled_blocks} * 16;
  if (split && a.decoding) {
    wasted_[0].generated += 1;
    wasted_[last].generated += emitted > 0 ? emitted - 1 : 0;
  } else {
    wasted_[0].generated += emitted;
  }
}

Region::EngineTime Region::engine_time(WorkloadId workload) const {
  Spent all = gone_[workload];
  for (const Pod& p : pods_) {
    if (!p.engine || p.workload != workload) continue;
    const Spent spent = spent_by(*p.engine);
    all.tokens.prompt += spent.tokens.prompt;
    all.tokens.generated += spent.tokens.generated;
    all.busy_ns += spent.busy_ns;
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

}  // namespace stampede
