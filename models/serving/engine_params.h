// Parameters of one serving engine.
#pragma once
#include <optional>
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

// In which order waiting sequences are taken, and who gives way when memory is short.
enum class SchedulingPolicy : u8 {
  kFcfs,
  kPriority,  // by (priority, arrival): the lowest joins first, the highest gives way first
};

// How much memory is left for keys and values.
struct KvMemoryParams {
  Bytes gpu_memory{};
  i64 gpus = 1;
  Share utilization{0.9};
  Bytes weights{};   // of the model, over all GPUs
  Bytes overhead{};  // of each GPU: activations, graphs, communication
  Bytes token_bytes{};
  i64 blocks() const;  // of 16 tokens; negative if the model does not fit
  static void describe(Schema<KvMemoryParams>& s);
};

// How far the step times of an engine may be from those of the server that it stands for: what the
// true one is of the stated one in 10 and in 90 of 100 such cases.
struct StepErrorParams {
  Share low{1}, high{1};
  static void describe(Schema<StepErrorParams>& s);
};

// One engine step takes  a + b*B + c*P + e*Q + d*C  with B sequences in the step, P prompt tokens
// computed, Q = sum over prompt chunks of n*(context_before + n/2), C context tokens read by
// decodes.
struct EngineParams {
  EngineRole role = EngineRole::kMixed;
  SchedulingPolicy scheduling_policy = SchedulingPolicy::kFcfs;
  Duration step_base = 30_ms;                   // a
  Duration step_per_sequence = 190_us;          // b
  Duration step_per_prompt_token = 152'800_ns;  // c
  Duration step_per_million_pairs{};            // e * 10^6
  Duration step_per_thousand_context_tokens{};  // d * 10^3
  std::optional<StepErrorParams> step_error;    // changes nothing but what `run --band` says
  u32 max_num_batched_tokens = 8192;            // token budget of a step
  u32 max_num_seqs = 256;                       // running sequences
  u32 kv_blocks = 74'709;                       // KV capacity, blocks of 16 tokens
  std::optional<KvMemoryParams> kv_memory;      // in place of kv_blocks
  bool macro_steps = true;                      // false: every iteration by itself, same results
  bool prefix_caching = false;       // share blocks by what they hold; `cached` is not used then
  bool async_scheduling = false;     // a step is formed while the one before it runs
  bool mixed_steps = true;           // false: prompts are computed in steps of their own, and first
  bool reserve_full_prompt = false;  // admit only what fits whole, not just its first chunk
  u32 max_num_queued_reqs = 0;       // waiting and running at most; 0: no bound
  u32 max_num_queued_tokens = 0;     // prompt tokens still to be computed at most; 0: no bound
  Duration lifo_after{};             // line not empty for so long: newest first; 0: never
  // Of kv_transfer, for the two roles of a hand-over.
  bool holds_handed_over = false;  // prefill: blocks stay in use until release()
  bool pulls = false;              // decode: memory first, then the KV comes

  static void describe(Schema<EngineParams>& s);
};

}  // namespace stampede
