#include "models/serving/engine_params.h"

namespace stampede {

void EngineParams::describe(Schema<EngineParams>& s) {
  s.name("engine");
  const char* vllm = "vLLM V1 scheduler";
  const char* fit = "DeepSeek open-infra-index day 6: 20-22 tokens/s at 88 sequences a GPU";
  s.field("role", &EngineParams::role).help("which phases of a request this engine runs");
  s.field("step_base", &EngineParams::step_base)
      .range(1e-9, 4)
      .help("time of an empty step")
      .source(fit);
  s.field("step_per_sequence", &EngineParams::step_per_sequence)
      .range(0, 4)
      .help("added by each sequence in the step")
      .source(fit);
  s.field("step_per_prompt_token", &EngineParams::step_per_prompt_token)
      .range(0, 4)
      .help("added by each prompt token computed (cached ones are free)")
      .source("DeepSeek open-infra-index day 6: 19.1 us a token and node of 8 GPUs");
  s.field("step_per_million_pairs", &EngineParams::step_per_million_pairs)
      .range(0, 8e6)
      .help("added by 10^6 pairs of prompt token and earlier token (quadratic attention)");
  s.field("step_per_thousand_context_tokens", &EngineParams::step_per_thousand_context_tokens)
      .range(0, 4000)
      .help("added by 1000 context tokens read by decodes");
  s.field("max_num_batched_tokens", &EngineParams::max_num_batched_tokens)
      .range(1, 1 << 20)
      .help("token budget of a step")
      .source(vllm);
  s.field("max_num_seqs", &EngineParams::max_num_seqs)
      .range(1, 65534)
      .help("running sequences at most")
      .source(vllm);
  s.field("kv_blocks", &EngineParams::kv_blocks)
      .range(1, 1 << 30)
      .help("KV memory in blocks of 16 tokens")
      .source("42 GB a GPU at 35136 B a token");
  s.field("lifo_after", &EngineParams::lifo_after)
      .at_least(0)
      .help("the newest is taken first while the line has not been empty for so long; 0: never")
      .source("off is vLLM's order; adaptive LIFO: Maurer, Fail at Scale (ACM Queue 2015)");
  s.field("macro_steps", &EngineParams::macro_steps)
      .help("advance many decode iterations at once; the results are the same either way");
}

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
      kv_blocks(params.kv_blocks),
      lifo_after_ns(params.lifo_after.ns),
      role(params.role),
      macro_steps(params.macro_steps) {
  STAMPEDE_CHECK(max_seqs >= 1 && max_seqs < 65535, "engine: max_num_seqs out of range");
  STAMPEDE_CHECK(budget >= max_seqs, "engine: max_num_batched_tokens below max_num_seqs");
  STAMPEDE_CHECK(kv_blocks >= 1, "engine: no KV blocks");
  STAMPEDE_CHECK(a > 0, "engine: a step must take time: step_base is zero");
}

}  // namespace stampede
