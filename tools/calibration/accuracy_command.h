// `calibrate accuracy`: every recording and every measured summary predicted without itself.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace stampede::calibration {

struct AccuracyOptions {
  std::string directory, summaries, sizes = "tools/calibration";
  double per_sequence = 0;
  std::vector<std::string> per_prompt_token;
};
CLI::App* add_accuracy(CLI::App& app, AccuracyOptions& options);
// Throws std::runtime_error.
void print_accuracy(const AccuracyOptions& options);

}  // namespace stampede::calibration
