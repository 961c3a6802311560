#include "tools/calibration/hardware.h"

#include <array>

#include "tools/calibration/memory.h"

namespace stampede::calibration {
namespace {

constexpr std::array kModels{
    ModelSize{"meta-llama/Llama-2-7b-hf", 6.74e9, 6.74e9, 524'288},
    ModelSize{"meta-llama/Llama-2-70b-hf", 68.98e9, 68.98e9, 327'680},
    ModelSize{"codellama/CodeLlama-34b-Instruct-hf", 33.74e9, 33.74e9, 196'608},
    ModelSize{"mistralai/Mixtral-8x7B-v0.1", 46.7e9, 12.88e9, 131'072},
    ModelSize{"meta-llama/Llama-3.1-8B", 8.03e9, 8.03e9, 131'072},
    ModelSize{"meta-llama/Llama-3.1-8B-Instruct", 8.03e9, 8.03e9, 131'072},
    ModelSize{"meta-llama/Llama-3.1-70B-Instruct", 70.55e9, 70.55e9, 327'680},
    ModelSize{"Qwen/Qwen3-14B", 14.77e9, 14.77e9, 163'840},
};

constexpr std::array kGpus{
    GpuSize{"H100", 3.35e12, 989e12},
    GpuSize{"A100-80GB", 2.039e12, 312e12},
    GpuSize{"L40S", 0.864e12, 362e12},
    GpuSize{"RTX-4090", 1.008e12, 165.2e12},
    GpuSize{"RTX-PRO-6000", 1.792e12, 503.8e12},
};

}  // namespace

const ModelSize* find_model(const std::string& name) {
  for (const ModelSize& m : kModels)
    if (name == m.name) return &m;
  return nullptr;
}

const GpuSize* find_gpu(const std::string& name) {
  for (const GpuSize& g : kGpus)
    if (name.rfind(g.name, 0) == 0) return &g;
  return nullptr;
}

std::vector<std::string> known_models() {
  std::vector<std::string> names;
  names.reserve(kModels.size());
  for (const ModelSize& m : kModels) names.emplace_back(m.name);
  return names;
}

std::vector<std::string> known_gpus() {
  std::vector<std::string> names;
  names.reserve(kGpus.size());
  for (const GpuSize& g : kGpus) names.emplace_back(g.name);
  return names;
}

ModelSize size_of(const Server& s) {
  const ModelShape& m = s.model;
  const double all = sequence_memory(s, 1);  // within every window
  return {"",
          m.weights(),
          m.common_weights() + m.expert_layers() * m.experts_per_token * m.expert_weights(),
          all,
          weight_bytes(s.precision),
          all * (m.layers - m.window_layers) / m.layers};
}

GpuSize gpu_size_of(const Server& s) { return {"", s.gpu.bandwidth, peak(s)}; }

StepBounds step_bounds(const ModelSize& model, const GpuSize& gpu, int tp) {
  const double all = model.kv_bytes / tp / gpu.bandwidth;
  const double least = model.kv_least < 0 ? all : model.kv_least / tp / gpu.bandwidth;
  const double compute = 2 * model.active / tp / gpu.flops;
  return {model.weight_bytes * model.active / tp / gpu.bandwidth, least, all / 0.4, compute / 0.75,
          compute / 0.5};
}

StepEstimate estimate_step(const ModelSize& model, const GpuSize& gpu, int tp) {
  return {0.0015 + 2 * model.weights / tp / (0.9 * gpu.bandwidth),
          2 * model.active / tp / (0.67 * gpu.flops), model.kv_bytes / tp / (0.87 * gpu.bandwidth)};
}

}  // namespace stampede::calibration
