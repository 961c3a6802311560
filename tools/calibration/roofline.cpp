#include "tools/calibration/roofline.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

namespace stampede::calibration {
namespace {

double weight_bytes(const std::string& precision) {
  if (precision == "bf16") return 2;
  if (precision == "fp8") return 1;
  if (precision == "fp4" || precision == "int4") return 0.5625;  // with their scales
  throw std::runtime_error(precision + ": not one of bf16, fp8, fp4, int4");
}

struct Arithmetic {
  Term term;
  double flops;
};

Arithmetic arithmetic(const Server& s) {
  if (s.precision == "fp8" && s.gpu.fp8 > 0) return {kFp8, s.gpu.fp8};
  if (s.precision == "fp4" && s.gpu.fp4 > 0) return {kFp4, s.gpu.fp4};
  return {kBf16, s.gpu.bf16};
}

// Kernels of a step: norms, projections, attention and activation; routing and both products of
// experts; the projections of latents.
double kernels(const ModelShape& m) {
  return 9 * m.layers + 6 * m.expert_layers() + (m.latent > 0 ? 5 * m.layers : 0);
}

// Operations of attention for one pair of tokens in one layer of a prompt.
double pair_operations(const ModelShape& m) {
  return m.latent > 0 ? 2 * m.heads * (m.no_rope + m.rope + m.value) : 4 * m.heads * m.head;
}

}  // namespace

GpuSheet read_gpu_sheet(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  try {
    const auto sheet = nlohmann::json::parse(file);
    return {sheet.at("memory_bandwidth"), sheet.at("link_bandwidth"), sheet.at("bf16_flops"),
            sheet.value("fp8_flops", 0.0), sheet.value("fp4_flops", 0.0)};
  } catch (const nlohmann::json::exception& e) {
    throw std::runtime_error(path + ": " + e.what());
  }
}

Terms step_terms(const Server& s, const StepLoad& load) {
  const ModelShape& m = s.model;
  const double gpus = s.gpus, tokens = load.sequences + load.prompt;
  const double bytes = weight_bytes(s.precision), experts = m.expert_layers() * m.expert_weights();
  const Arithmetic own = arithmetic(s);
  Terms x{};
  if (load.whole) {
    x[s.engine] = 1;
    x[kKernel] = kernels(m);
    x[kWeights] = m.common_weights() * bytes / gpus / s.gpu.bandwidth;
    if (m.experts > 0) {
      const double touched =
          m.experts * (1 - std::pow(1 - m.experts_per_token / m.experts, tokens));
      x[kExperts] = experts * touched * bytes / gpus / s.gpu.bandwidth;
    }
    if (s.gpus > 1) x[kCollective] = 2 * m.layers;
  }
  x[kSequence] = load.sequences;
  const double kv = m.kv_values() * (bytes <= 1 && s.precision != "int4" ? 1 : 2);
  const double split = m.latent > 0 ? 1 : std::min(gpus, m.kv_heads);
  x[kContext] = load.sequences * m.read_layers(load.context) * kv / split / s.gpu.bandwidth;
  x[own.term] += 2 * m.common_weights() * tokens / gpus / own.flops;
  x[kBf16] += pair_operations(m) * load.prompt * m.read_layers(load.prompt / 2) / gpus / s.gpu.bf16;
  if (m.latent > 0)  // each head reads the latent itself
    x[kBf16] += 2 * m.heads * (2 * m.latent + m.rope) * m.layers * load.sequences * load.context /
                gpus / s.gpu.bf16;
  x[kExpertArithmetic] = 2 * experts * m.experts_per_token * tokens / gpus / own.flops;
  if (s.gpus > 1)
    x[kLink] = 2 * m.layers * 2 * (gpus - 1) / gpus * tokens * m.hidden * 2 / s.gpu.link;
  return x;
}

Terms least_constants() {
  Terms least{};
  for (const Term share :
       {kWeights, kExperts, kContext, kBf16, kFp8, kFp4, kExpertArithmetic, kLink})
    least[share] = 1;
  return least;
}

double seconds(const Terms& terms, const Terms& constants) {
  return std::inner_product(terms.begin(), terms.end(), constants.begin(), 0.0);
}

Terms fitted_constants() {
  return {0.0007074, 0.0008993, 0,     0,     2.999e-06, 1.135,     1.289,
          1.731,     1,         1.959, 2.887, 1,         1.594e-05, 2.082};
}

double band(double quantile) {
  if (quantile == 0.1) return 0.720;
  if (quantile == 0.5) return 1.044;
  if (quantile == 0.9) return 1.359;
  throw std::runtime_error("the band is known at 0.1, 0.5 and 0.9");
}

}  // namespace stampede::calibration
