// Means of measured runs, each stage of a run predicted without that run: from the other runs of
// the same model and GPUs, and from sizes alone.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/calibration/roofline.h"

namespace stampede::calibration {

struct SummaryStage {
  std::string experiment, model, gpu;  // model in lower case, without its owner
  int gpus = 1, stage = 0, budget = 2048;
  double rate = 0, duration = 0;                // [1/s], [s]
  double system = 0, question = 0, answer = 0;  // [tokens]
  double ttft = 0, e2e = 0;                     // measured means [s]
  double per_token() const { return (e2e - ttft) / (answer - 1); }
  double batch() const { return rate * e2e; }  // Little's law
  bool waits() const { return ttft > 0.3; }    // a line: its batch is not what was asked for
};

// Stages of single bf16 servers, each once. Throws std::runtime_error.
std::vector<SummaryStage> read_summaries(const std::string& path);

struct StageMeans {
  double ttft = 0, e2e = 0;  // [s]
};
struct SummaryPrediction {
  const SummaryStage* stage;
  std::optional<StageMeans> others, sizes;  // nothing: no other run; a model without sizes
};
// `sizes` holds models/ and gpus/. Each stage is played by itself, with arrivals at random.
std::vector<SummaryPrediction> predict_summaries(const std::vector<SummaryStage>& stages,
                                                 const std::string& sizes);

}  // namespace stampede::calibration
