#include "tools/calibration/benchmark_settings.h"

#include <algorithm>

namespace stampede::calibration {
namespace {

constexpr u32 kDefault = 8192;  // of vLLM's server on these GPUs, and of TensorRT-LLM

u32 of_tensorrt(const BenchmarkServer& s) {
  if (s.family == "gpt-oss-120b") return 20'000;
  if (s.family == "Llama-3.1-70B") return 16'384;
  const u32 one_prompt = (static_cast<u32>(s.clients + s.prompt) + 127) / 64 * 64;
  return s.family == "DeepSeek" ? std::max(kDefault, one_prompt) : kDefault;
}

}  // namespace

u32 token_budget(const BenchmarkServer& s) {
  u32 budget = kDefault;
  if (s.engine == EngineKind::kTensorRt)
    budget = of_tensorrt(s);
  else if (s.engine == EngineKind::kSglang)
    budget = 16'384;
  else if (s.family == "MiniMax-M2.5" && s.blackwell)
    budget = static_cast<u32>(2 * s.prompt);
  return std::max(budget, static_cast<u32>(s.clients));
}

int steps_between_looks(const BenchmarkServer& s) {
  if (s.engine != EngineKind::kSglang || !s.blackwell) return 1;
  if (s.family == "DeepSeek") return s.clients < 16 ? 10 : 30;
  if (s.family == "Qwen3.5") return s.clients <= 4 ? 10 : 30;
  return 1;
}

double key_value_bytes(const BenchmarkServer& s) {
  const bool plain = s.family == "gpt-oss-120b" || s.family == "MiniMax-M2.5";
  const bool small = s.precision == "fp8" || s.precision == "fp4";
  return small && !(plain && !s.blackwell) ? 1 : 2;
}

}  // namespace stampede::calibration
