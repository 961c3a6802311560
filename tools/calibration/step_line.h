// The engine's straight line through a roofline's step times.
#pragma once
#include "tools/calibration/fit.h"
#include "tools/calibration/roofline.h"

namespace stampede::calibration {

struct StepLine {
  StepTime time;
  // Farthest that a decode step of 1 to `batch` sequences is from the line, relative: experts are
  // touched one after the other, which is no straight line.
  double error = 0;
};

// From one sequence to `batch`, and prompts of `prompt` tokens. Throws std::runtime_error if a part
// of the model is not covered, the sheet lacks a size or `batch` is below 2.
StepLine step_line(const Server& server, const Terms& constants, int batch, double prompt);

}  // namespace stampede::calibration
