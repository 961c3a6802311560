#include "tools/calibration/roofline.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace stampede::calibration {
namespace {

// Kernels of a step: two norms, projections, rotation, attention and the three of a feed-forward;
// for these three where there are experts routing, both products and what brings them together; the
// projections of latents.
double kernels(const ModelShape& m) {
  const double experts = m.shared_experts > 0 ? 6 : 3;
  return 9 * m.layers + experts * m.expert_layers() + (m.latent > 0 ? 5 * m.layers : 0);
}

// Operations of attention for one pair of tokens in one layer of a prompt.
double pair_operations(const ModelShape& m) {
  return m.latent > 0 ? 2 * m.heads * (m.no_rope + m.rope + m.value) : 4 * m.heads * m.head;
}

// Of all layers, at each of `s.gpus`, in bf16 [B]: what a token's vector of the hidden size is read
// and written, and the copies of it for its experts, which groups share.
double activation_bytes(const Server& s) {
  const ModelShape& m = s.model;
  const double copies = 3 * m.hidden / s.expert_parallel + 3 * m.expert_width / s.gpus;
  return 2 * (6 * m.layers * m.hidden + m.expert_layers() * m.experts_per_token * copies);
}

double attention_operations(const ModelShape& m, const StepLoad& load) {
  double operations =
      load.prompts * pair_operations(m) * load.prompt * m.read_layers(load.prompt / 2);
  if (m.latent > 0)  // each head reads the latent itself
    operations += 2 * m.heads * (2 * m.latent + m.rope) * m.layers * load.sequences * load.context;
  return operations;
}

}  // namespace

EngineKind engine_named(const std::string& name) {
  if (name == "vllm") return EngineKind::kVllm;
  if (name == "sglang") return EngineKind::kSglang;
  if (name == "trtllm") return EngineKind::kTensorRt;
  throw std::runtime_error(name + ": not one of vllm, sglang, trtllm");
}

double peak(const Server& s) {
  if (s.precision == "fp8" && s.gpu.fp8 > 0) return s.gpu.fp8;
  if (s.precision == "fp4" && s.gpu.fp4 > 0) return s.gpu.fp4;
  return s.gpu.bf16;
}

Terms step_terms(const Server& s, const StepLoad& load) {
  const ModelShape& m = s.model;
  const double gpus = s.gpus, tokens = load.sequences + load.prompts * load.prompt;
  const double bytes = weight_bytes(s.precision), experts = m.expert_layers() * m.expert_weights();
  Terms x{};
  x[kHost] = 1;
  x[kSequence] = load.sequences;
  x[s.engine == EngineKind::kTensorRt ? kChainedKernel : kKernel] = kernels(m);
  if (load.prompt > 0) x[kPromptKernel] = kernels(m);
  x[kWeights] = m.common_weights() * bytes / gpus / s.gpu.bandwidth;
  if (m.experts > 0) {
    const double touched = m.experts * (1 - std::pow(1 - m.experts_per_token / m.experts, tokens));
    x[kExperts] = experts * touched * bytes / gpus / s.gpu.bandwidth;
  }
  const double split = m.latent > 0 ? 1 : std::min(gpus, m.kv_heads);
  x[kContext] = load.sequences * m.read_layers(load.context) * m.kv_values() * s.key_value_bytes /
                split / s.gpu.bandwidth;
  x[kArithmetic] = 2 * (m.common_weights() + experts * m.experts_per_token) * tokens / peak(s) +
                   attention_operations(m, load) / s.gpu.bf16;
  x[kArithmetic] /= gpus;
  x[kActivations] = tokens * activation_bytes(s) / s.gpu.bandwidth;
  if (s.gpus > 1) {
    x[kCollective] = 2 * m.layers;
    x[kLink] = 2 * m.layers * 2 * (gpus - 1) / gpus * tokens * m.hidden * 2 / s.gpu.link;
  }
  return x;
}

Terms least_constants() {
  Terms least{};
  for (const Term share : {kWeights, kExperts, kContext, kArithmetic, kActivations, kLink})
    least[share] = 1;
  return least;
}

double seconds(const Terms& terms, const Terms& constants) {
  return std::inner_product(terms.begin(), terms.end(), constants.begin(), 0.0);
}

Terms fitted_constants() {
  return {0, 0, 5.146e-06, 2.956e-06, 2.189e-05, 1.176, 1.004, 1, 1.104, 6.783, 1.329e-05, 1};
}

double band(double quantile) {
  if (quantile == 0.1) return 0.848;
  if (quantile == 0.5) return 1.048;
  if (quantile == 0.9) return 1.294;
  throw std::runtime_error("the band is known at 0.1, 0.5 and 0.9");
}

}  // namespace stampede::calibration
