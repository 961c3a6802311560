// `calibrate accuracy`: every recording and every measured summary predicted without itself.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tools/calibration/accuracy.h"

namespace stampede::calibration {

struct AccuracyOptions {
  SharedTexts texts;
  std::string directory, summaries, sizes = "tools/calibration";
  double per_sequence = 0;
  std::vector<std::string> per_prompt_token;
};
// The options of `fit` and `accuracy` for indexes that do not say which texts are shared.
void add_shared_texts(CLI::App& sub, SharedTexts& texts);
CLI::App* add_accuracy(CLI::App& app, AccuracyOptions& options);
// Throws std::runtime_error.
void print_accuracy(const AccuracyOptions& options);

}  // namespace stampede::calibration
