// The engine's straight line through a roofline's step times.
#pragma once
#include "tools/calibration/fit.h"
#include "tools/calibration/roofline.h"

namespace stampede::calibration {

struct StepLine {
  StepTime time;
  // Farthest that a decode step in the range of sequences is from the line, relative: experts are
  // touched one after the other, which is no straight line.
  double error = 0;
  // A decode step at the range's context, of what the line says: least and most from one sequence
  // to the range's most, and with how many.
  double low = 1, high = 1;
  int lowest = 1, highest = 1;
};

struct LineRange {
  int least = 1, most = 128;             // sequences
  double prompt = 1024, context = 1024;  // tokens of a usual prompt, and of a sequence that decodes
  double prompts = 1;                    // that a usual step with prompts computes
};

// Throws std::runtime_error if a part of the model is not covered, the sheet lacks a size, the
// range is not one of two numbers of sequences, or a time comes out below 0 or above a minute.
StepLine step_line(const Server& server, const Terms& constants, const LineRange& range);
// The same for any server: parts that are not covered count as far as they have a term.
StepLine step_line_unchecked(const Server& server, const Terms& constants, const LineRange& range);

}  // namespace stampede::calibration
