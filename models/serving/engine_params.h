// Parameters of one serving engine and their exact integer form.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

// What an engine does with a sequence.
enum class EngineRole : u8 {
  kMixed,    // prefills and decodes
  kPrefill,  // a sequence leaves with its first token, to be decoded elsewhere
  kDecode,   // a sequence arrives with its KV and its first token
};
template <>
struct ChoiceNames<EngineRole> {
  static constexpr const char* type = "engine_role";
  static std::vector<std::string> names() { return {"mixed", "prefill", "decode"}; }
};

// One engine step takes  a + b*B + c*P + e*Q + d*C  with B sequences in the step, P prompt tokens
// computed, Q = sum over prompt chunks of n*(context_before + n/2), C context tokens read by
// decodes.
struct EngineParams {
  EngineRole role = EngineRole::kMixed;
  Duration step_base = 30_ms;                   // a
  Duration step_per_sequence = 190_us;          // b
  Duration step_per_prompt_token = 152'800_ns;  // c
  Duration step_per_million_pairs{};            // e * 10^6
  Duration step_per_thousand_context_tokens{};  // d * 10^3
  u32 max_num_batched_tokens = 8192;            // token budget of a step
  u32 max_num_seqs = 256;                       // running sequences
  u32 kv_blocks = 74'709;                       // KV capacity, blocks of 16 tokens
  Duration lifo_after{};    // line not empty for so long: newest first; 0: never
  bool macro_steps = true;  // false: every iteration by itself, same results

  static void describe(Schema<EngineParams>& s);
};

// EngineParams as integers of 2^-32 ns, shared by all engines of one kind. Throws InvariantError if
// max_num_batched_tokens < max_num_seqs (vLLM refuses that too) or a limit is out of range.
struct EngineProfile {
  explicit EngineProfile(const EngineParams& params);
  u64 a = 0, b = 0, c = 0, d = 0;
  u64 half_e = 0;  // per n*(2*context_before + n)
  u32 budget = 0, max_seqs = 0, kv_blocks = 0;
  i64 lifo_after_ns = 0;
  EngineRole role{};
  bool macro_steps = true;
};

}  // namespace stampede
