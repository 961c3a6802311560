// `calibrate points`: measured points predicted without their family of models, as tables.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace stampede::calibration {

struct PointsOptions {
  std::string points, sizes = "tools/calibration", rows;
};
CLI::App* add_points(CLI::App& app, PointsOptions& options);
// Prints Markdown; with `rows` a CSV of every point too. Throws std::runtime_error.
void print_points(const PointsOptions& options);

}  // namespace stampede::calibration
