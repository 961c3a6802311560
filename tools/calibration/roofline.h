// A step's time from the sizes of a model and of a GPU: docs/measurements/step_time_rule.md has the
// form, how its constants are fitted and how far it was from points of models it had not seen.
// **Limits** experts are equally likely; one group of attention; GPUs of one server.
#pragma once
#include <array>
#include <string>

#include "tools/calibration/gpu_sheet.h"
#include "tools/calibration/model_config.h"

namespace stampede::calibration {

enum Term : std::size_t {
  kHost,
  kSequence,
  kKernel,
  kChainedKernel,
  kPromptKernel,
  kWeights,
  kExperts,
  kContext,
  kArithmetic,
  kActivations,
  kCollective,
  kLink,
  kTerms
};
using Terms = std::array<double, kTerms>;  // what each constant is multiplied with

enum class EngineKind { kVllm, kSglang, kTensorRt };

// Prompts have steps of their own, in which nothing is generated.
// Source: SGLang, managers/scheduler.py: get_next_batch_to_run; enable_mixed_chunk is off.
constexpr bool prompts_alone(EngineKind engine) { return engine == EngineKind::kSglang; }

// Of vllm, sglang or trtllm. Throws std::runtime_error.
EngineKind engine_named(const std::string& name);

struct Server {
  ModelShape model;
  GpuSheet gpu;
  std::string precision = "bf16";  // of its weights: bf16, fp8, fp4 or int4
  int gpus = 1;
  EngineKind engine = EngineKind::kVllm;
  int expert_parallel = 1;     // groups of GPUs that hold whole experts; 1: each has a part of all
  double key_value_bytes = 2;  // of a key or value
};

// Of the GPU's arithmetic in what the weights are held in, or else in bf16 [1/s].
double peak(const Server& server);

struct StepLoad {
  double sequences = 0, context = 0;  // that decode, and their mean length
  double prompt = 0, prompts = 1;     // tokens of each prompt from its beginning, and how many
};
Terms step_terms(const Server& server, const StepLoad& load);

// Least value of each constant: nothing beats a data sheet.
Terms least_constants();
// Fitted to the 1,710 covered of 2,372 measured points.
Terms fitted_constants();
// Measured / predicted at a quantile of 0.1, 0.5 or 0.9, for points predicted without their family.
double band(double quantile);

double seconds(const Terms& terms, const Terms& constants);

}  // namespace stampede::calibration
