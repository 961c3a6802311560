#include "models/serving/engine_params.h"

namespace stampede {

void KvMemoryParams::describe(Schema<KvMemoryParams>& s) {
  using P = KvMemoryParams;
  s.field("gpu_memory", &P::gpu_memory)
      .fixed("its memory is laid out when it starts")
      .required()
      .at_least(1)
      .help("memory of one GPU");
  s.field("gpus", &P::gpus)
      .fixed("its memory is laid out when it starts")
      .range(1, 1e4)
      .help("GPUs that share the model (tensor parallel)");
  s.field("utilization", &P::utilization)
      .fixed("its memory is laid out when it starts")
      .range(0.01, 1)
      .help("share of the memory that the engine may use")
      .source("vLLM: gpu_memory_utilization of 0.9");
  s.field("weights", &P::weights)
      .fixed("its memory is laid out when it starts")
      .required()
      .at_least(0)
      .help("size of the model's weights, in total");
  s.field("overhead", &P::overhead)
      .fixed("its memory is laid out when it starts")
      .at_least(0)
      .help("memory of each GPU for activations, CUDA graphs and communication");
  s.field("token_bytes", &P::token_bytes)
      .fixed("its memory is laid out when it starts")
      .required()
      .at_least(1)
      .help("keys and values of one token: layers x KV heads x head size x 2 x bytes a number");
}

i64 KvMemoryParams::blocks() const {
  const double usable = static_cast<double>(gpu_memory.value) * utilization.value -
                        static_cast<double>(overhead.value);
  const double left = usable * static_cast<double>(gpus) - static_cast<double>(weights.value);
  return static_cast<i64>(left / (16 * static_cast<double>(token_bytes.value)));
}

void StepErrorParams::describe(Schema<StepErrorParams>& s) {
  const char* rule =
      "derived: of measured / predicted time per token, servers that were not fitted to";
  s.field("low", &StepErrorParams::low)
      .fixed("it says how good the step times are")
      .required()
      .range(0.01, 1)
      .help("true step time / stated step time that 10 of 100 such predictions are below")
      .source(rule);
  s.field("high", &StepErrorParams::high)
      .fixed("it says how good the step times are")
      .required()
      .range(1, 100)
      .help("true step time / stated step time that 10 of 100 such predictions are above")
      .source(rule);
}

void EngineParams::describe(Schema<EngineParams>& s) {
  s.name("engine");
  const char* vllm = "vLLM: V1 scheduler";
  const char* fit = "DeepSeek day 6: 20 to 22 tokens/s at 88 sequences a GPU";
  s.field("role", &EngineParams::role)
      .fixed("it is what the pool was built for")
      .help("which phases of a request this engine runs");
  s.field("scheduling_policy", &EngineParams::scheduling_policy)
      .fixed("an engine is started with it")
      .help("order of waiting requests: first come, first served, or by priority, lower first")
      .source("vLLM: --scheduling-policy, fcfs by default");
  s.field("step_base", &EngineParams::step_base)
      .live()
      .range(1e-9, 4)
      .help("time of an empty step")
      .source(fit);
  s.field("step_per_sequence", &EngineParams::step_per_sequence)
      .live()
      .range(0, 4)
      .help("time that each sequence adds to a step")
      .source(fit);
  s.field("step_per_prompt_token", &EngineParams::step_per_prompt_token)
      .live()
      .range(0, 4)
      .help("time that each computed prompt token adds to a step (cached ones are free)")
      .source("DeepSeek day 6: 19.1 us a token and node of 8 GPUs");
  s.field("step_per_million_pairs", &EngineParams::step_per_million_pairs)
      .live()
      .range(0, 8e6)
      .help(
          "time that 10^6 pairs of a prompt token and an earlier token add to a step (quadratic "
          "attention)");
  s.field("step_per_thousand_context_tokens", &EngineParams::step_per_thousand_context_tokens)
      .live()
      .range(0, 4000)
      .help("time that 1000 context tokens read by decodes add to a step");
  s.field("step_error", &EngineParams::step_error)
      .help("how far the five step times may be off, which `stampede run --band` plays");
  s.field("max_num_batched_tokens", &EngineParams::max_num_batched_tokens)
      .live()
      .range(1, 1 << 20)
      .help("token budget of a step")
      .source(vllm);
  s.field("max_num_seqs", &EngineParams::max_num_seqs)
      .live()
      .range(1, 65534)
      .help("most sequences that run at the same time")
      .source(vllm);
  s.field("kv_blocks", &EngineParams::kv_blocks)
      .fixed("its memory is laid out when it starts")
      .range(1, 1 << 30)
      .help("KV memory in blocks of 16 tokens")
      .source("derived: 42 GB a GPU at 35136 B a token (DeepSeek-V3 in FP8) and 16 tokens a block");
  s.field("lifo_after", &EngineParams::lifo_after)
      .live()
      .at_least(0)
      .help("time without an empty queue after which the newest request is taken first; 0: never")
      .source("vLLM: off, order of arrival; Maurer 2015: adaptive LIFO");
  s.field("kv_memory", &EngineParams::kv_memory)
      .help("KV memory computed from model and GPU, instead of kv_blocks");
  s.field("prefix_caching", &EngineParams::prefix_caching)
      .fixed("an engine is started with it")
      .help(
          "whether sequences whose texts begin alike share KV blocks, which are kept until the "
          "memory is needed")
      .source("vLLM: enable_prefix_caching");
  s.field("async_scheduling", &EngineParams::async_scheduling)
      .fixed("an engine is started with it")
      .help(
          "whether a step is planned while the one before it runs; a new request then joins one "
          "step later")
      .source("vLLM: async_scheduling, on by default since 0.14");
  s.field("mixed_steps", &EngineParams::mixed_steps)
      .fixed("an engine is started with it")
      .help(
          "whether a step computes prompts and generates tokens together; if not, prompts go first "
          "in steps of their own, and nothing is generated meanwhile")
      .source("vLLM: V1 scheduler, together; SGLang: enable_mixed_chunk is off, prompts go first");
  s.field("reserve_full_prompt", &EngineParams::reserve_full_prompt)
      .live()
      .help(
          "whether a sequence is admitted only if memory is free for its whole prompt, not just "
          "its first chunk")
      .source("vLLM: scheduler_reserve_full_isl, on by default since 0.19");
  s.field("max_num_queued_reqs", &EngineParams::max_num_queued_reqs)
      .live()
      .range(0, 1 << 30)
      .help("most sequences waiting and running; the next one gets 503; 0: no bound")
      .source("vLLM: --max-num-queued-reqs, no bound by default");
  s.field("max_num_queued_tokens", &EngineParams::max_num_queued_tokens)
      .live()
      .range(0, 1 << 30)
      .help("most prompt tokens still to be computed; beyond this, a request gets 503; 0: no bound")
      .source("vLLM: --max-num-queued-tokens, no bound by default");
}

}  // namespace stampede
