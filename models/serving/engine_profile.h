// The parameters of one serving engine in the exact integer form that it computes with.
#pragma once
#include "models/serving/engine_params.h"

namespace stampede {

// EngineParams as integers of 2^-32 ns, shared by all engines of one kind. Throws InvariantError if
// max_num_batched_tokens < max_num_seqs (vLLM refuses that too) or a limit is out of range.
struct EngineProfile {
  explicit EngineProfile(const EngineParams& params);
  u64 a = 0, b = 0, c = 0, d = 0;
  u64 half_e = 0;  // per n*(2*context_before + n)
  u32 budget = 0, max_seqs = 0, kv_blocks = 0;
  i64 lifo_after_ns = 0;
  EngineRole role{};
  bool macro_steps = true, by_priority = false;
  bool prefix_caching = false, async_scheduling = false, reserve_full_prompt = false;
  bool prompts_alone = false;  // computed in steps of their own; only where both are
  bool holds_handed_over = false, pulls = false;
};

}  // namespace stampede
