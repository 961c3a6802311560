#include "tools/calibration/predict_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <stdexcept>

#include "tools/calibration/memory.h"
#include "tools/calibration/step_line.h"

namespace stampede::calibration {
namespace {

constexpr double kMostTokens = 1e7;
constexpr int kMostBudget = 1 << 20;

Server server_of(const PredictOptions& o) {
  const ModelShape model = read_model_config(o.config);
  const Quantization& q = model.quantization;
  if (o.precision.empty()) check_precision(q);
  Server server{model,
                read_gpu_sheet(o.gpu),
                o.precision.empty() ? q.precision : o.precision,
                o.gpus,
                engine_named(o.engine),
                o.expert_parallel,
                o.key_values == "auto"  ? q.key_value_bytes
                : o.key_values == "fp8" ? 1.0
                                        : 2.0};
  if (o.gpus > 1 && server.gpu.link == 0)
    throw std::runtime_error(
        fmt::format("{}: no \"link_bandwidth\" [B/s], which --gpus {} needs", o.gpu, o.gpus));
  if (q.precision != "bf16" && q.precision != server.precision)
    fmt::print(stderr, "calibrate: {} says {} of its weights, {} is predicted\n", o.config,
               q.precision, server.precision);
  return server;
}

// Throws where a single sequence of the asked length has no room.
KvMemoryParams memory_for(const Server& server, const PredictOptions& o) {
  const KvMemoryParams memory = kv_memory(server, o.context);
  const i64 needed = static_cast<i64>(std::ceil(o.context / 16));
  if (needed > memory.blocks())
    throw std::runtime_error(
        fmt::format("--context {:.0f}: one sequence needs {} blocks of 16 tokens, there are {}: "
                    "more --gpus, a smaller --context{} is needed",
                    o.context, needed, memory.blocks(),
                    server.key_value_bytes > 1 ? " or --kv-cache-dtype fp8" : ""));
  return memory;
}

void print_line(const StepLine& line, int least, int most) {
  fmt::print(
      "# From sizes: docs/measurements/step_time_rule.md. Line within {:.1f} % of it from {} to {} "
      "sequences\n",
      100 * line.error, least, most);
  constexpr double kSeen = 0.01;
  if (1 - line.low > kSeen)
    fmt::print(
        "# With {} sequence{} a step takes {:.0f} % of what the line says, which is too "
        "slow there: `low` says so\n",
        line.lowest, line.lowest == 1 ? "" : "s", 100 * line.low);
  if (line.high - 1 > kSeen)
    fmt::print(
        "# With {} sequence{} a step takes {:.0f} % of what the line says, which is too "
        "fast there: `high` says so\n",
        line.highest, line.highest == 1 ? "" : "s", 100 * line.high);
}

void print_steps(const StepLine& line) {
  const double middle = band(0.5);
  const auto nanoseconds = [&](double seconds) { return std::llround(middle * seconds * 1e9); };
  fmt::print(
      "engine:\n  step_base: {}ns\n  step_per_sequence: {}ns\n  step_per_prompt_token: {}ns\n"
      "  step_per_million_pairs: {}ns\n  step_per_thousand_context_tokens: {}ns\n"
      "  step_error: {{low: {:.1f}%, high: {:.1f}%}}\n",
      nanoseconds(line.time.base), nanoseconds(line.time.sequence),
      nanoseconds(line.time.prompt_token), nanoseconds(line.time.pair * 1e6),
      nanoseconds(line.time.context_token * 1000), 100 * band(0.1) / middle * line.low,
      100 * band(0.9) / middle * line.high);
}

// Of a step: what the measured vLLM servers had; chunked_prefill_size and max_num_tokens as the
// other two set them by default on such GPUs.
int budget_of(EngineKind engine) { return engine == EngineKind::kVllm ? 2048 : 8192; }

// How the engine is started, and what it takes beside its steps, as in scenarios/profiles/.
void print_settings(const Server& server, const PredictOptions& o) {
  fmt::print(
      "  max_num_seqs: {}  # --batch\n"
      "  max_num_batched_tokens: {}  # --max-num-batched-tokens\n"
      "  prefix_caching: true  # the engine's default, like the next\n"
      "  async_scheduling: true\n"
      "  reserve_full_prompt: false  # true for vLLM 0.19 and later\n",
      o.batch, std::max(o.budget.value_or(budget_of(server.engine)), o.batch));
  if (prompts_alone(server.engine)) fmt::print("  mixed_steps: false\n");
}

void print_memory(const KvMemoryParams& memory, const ModelShape& model, double context) {
  if (model.window_layers > 0 && context > model.window)
    fmt::print(
        "  # token_bytes: mean over {:.0f} tokens, of which {:.0f} of {:.0f} layers keep "
        "the last {:.0f} only\n",
        context, model.window_layers, model.layers, model.window);
  fmt::print(
      "  kv_memory: {{gpu_memory: {}B, gpus: {}, weights: {}B, overhead: {}B, token_bytes: {}B}} "
      " # {} blocks\n",
      memory.gpu_memory.value, memory.gpus, memory.weights.value, memory.overhead.value,
      memory.token_bytes.value, memory.blocks());
}

}  // namespace

void print_prediction(const PredictOptions& o) {
  const Server server = server_of(o);
  // Few sequences touch few experts: the line is laid where a busy server works.
  const int least = std::max(1, o.batch / 4);
  const StepLine line =
      step_line(server, fitted_constants(), {least, o.batch, o.prompt, o.context});
  std::optional<KvMemoryParams> memory;
  if (server.gpu.memory > 0) memory = memory_for(server, o);
  print_line(line, least, o.batch);
  print_steps(line);
  print_settings(server, o);
  if (memory) print_memory(*memory, server.model, o.context);
  fmt::print(
      "front_end:\n  response_latency: {}ms  # as fitted for Llama-2 and CodeLlama on H100\n"
      "  cpu_per_request: 0s  # no CPU limit was met\n",
      server.gpus == 1 ? 7 : 9);
}

CLI::App* add_predict(CLI::App& app, PredictOptions& o) {
  CLI::App* sub = app.add_subcommand(
      "predict", "step times of any covered model and GPU from their sizes, with their error");
  sub->add_option("CONFIG", o.config, "the model's config.json")->required();
  sub->add_option("--gpu", o.gpu,
                  "JSON with memory_bandwidth, link_bandwidth [B/s], bf16_flops, fp8_flops, "
                  "fp4_flops [1/s], memory [B], such as tools/calibration/gpus/h100.json")
      ->required();
  sub->add_option("--precision", o.precision,
                  "of the weights: bf16, fp8, fp4 or int4; as the file says without it")
      ->check(CLI::IsMember({"bf16", "fp8", "fp4", "int4"}));
  sub->add_option("--kv-cache-dtype", o.key_values,
                  "of keys and values: bf16, fp8, or auto, which is bf16 unless the file has a "
                  "kv_cache_scheme or kv_cache_quant_algo")
      ->check(CLI::IsMember({"auto", "bf16", "fp8"}));
  sub->add_option("--gpus", o.gpus, "tensor or expert parallel")->check(CLI::Range(1, 8));
  sub->add_option("--expert-parallel", o.expert_parallel,
                  "groups of GPUs that hold whole experts; 1: each GPU has a part of all of them");
  sub->add_option("--engine", o.engine, "vllm, sglang or trtllm")
      ->check(CLI::IsMember({"vllm", "sglang", "trtllm"}));
  sub->add_option("--batch", o.batch, "most sequences that run at the same time: max_num_seqs")
      ->check(CLI::Range(2, kMostSequences));
  sub->add_option("--max-num-batched-tokens", o.budget,
                  "most tokens of a step; 2048 for vllm, 8192 for the others")
      ->check(CLI::Range(1, kMostBudget));
  sub->add_option("--prompt", o.prompt, "tokens of a usual prompt")
      ->check(CLI::Range(1.0, kMostTokens));
  sub->add_option("--context", o.context, "tokens of a usual sequence that decodes")
      ->check(CLI::Range(1.0, kMostTokens));
  return sub;
}

}  // namespace stampede::calibration
