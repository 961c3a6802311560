#include "models/serving/engine_profile.h"

#include <algorithm>

namespace stampede {
namespace {

// Duration / parts as 2^-32 ns, rounded to nearest.
u64 fixed_point(Duration value, u32 parts) {
  STAMPEDE_CHECK(value.ns >= 0 && value.ns / parts < (i64{1} << 32),
                 "engine: step coefficient over 4.29 s");
  const u64 whole = static_cast<u64>(value.ns) / parts;
  const u64 rest = static_cast<u64>(value.ns) % parts;
  return (whole << 32) + ((rest << 32) + parts / 2) / parts;
}

}  // namespace

EngineProfile::EngineProfile(const EngineParams& params)
    : a(fixed_point(params.step_base, 1)),
      b(fixed_point(params.step_per_sequence, 1)),
      c(fixed_point(params.step_per_prompt_token, 1)),
      d(fixed_point(params.step_per_thousand_context_tokens, 1000)),
      half_e(fixed_point(params.step_per_million_pairs, 2'000'000)),
      budget(params.max_num_batched_tokens),
      max_seqs(params.max_num_seqs),
      kv_blocks(params.kv_memory
                    ? static_cast<u32>(std::clamp<i64>(params.kv_memory->blocks(), 0, INT32_MAX))
                    : params.kv_blocks),
      lifo_after_ns(params.lifo_after.ns),
      role(params.role),
      macro_steps(params.macro_steps),
      by_priority(params.scheduling_policy == SchedulingPolicy::kPriority),
      prefix_caching(params.prefix_caching),
      async_scheduling(params.async_scheduling),
      reserve_full_prompt(params.reserve_full_prompt),
      prompts_alone(!params.mixed_steps && params.role == EngineRole::kMixed),
      holds_handed_over(params.holds_handed_over && params.role == EngineRole::kPrefill),
      pulls(params.pulls && params.role == EngineRole::kDecode) {
  if (prompts_alone) reserve_full_prompt = true;
  STAMPEDE_CHECK(max_seqs >= 1 && max_seqs < 65535, "engine: max_num_seqs out of range");
  STAMPEDE_CHECK(budget >= max_seqs, "engine: max_num_batched_tokens below max_num_seqs");
  STAMPEDE_CHECK(lifo_after_ns == 0 || !(async_scheduling || prefix_caching || by_priority),
                 "engine: adaptive LIFO with async_scheduling, prefix_caching or by priority");
  STAMPEDE_CHECK(kv_blocks >= 1, "engine: no KV blocks");
  STAMPEDE_CHECK(a > 0, "engine: a step must take time: step_base is zero");
}

}  // namespace stampede
