// `calibrate predict`: the pool of a server that nobody measured, from the sizes of its model and
// GPU, with the settings under which it was predicted.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace stampede::calibration {

struct PredictOptions {
  std::string config, gpu, precision, engine = "vllm";  // no precision: as the file says
  std::string key_values = "auto";                      // bf16 or fp8; auto: as the file says
  std::optional<int> budget;                            // tokens of a step; none: the engine's
  int gpus = 1, expert_parallel = 1, batch = 128;
  double prompt = 1024, context = 1024;
};
CLI::App* add_predict(CLI::App& app, PredictOptions& options);
// Throws std::runtime_error.
void print_prediction(const PredictOptions& options);

constexpr int kMostSequences = 65'534;

}  // namespace stampede::calibration
