#include "tools/calibration/step_line.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tools/calibration/sharding.h"

namespace stampede::calibration {
namespace {

void check(const Server& s, const LineRange& range) {
  check_covered(s.model);
  if (s.gpus < 1 || s.gpus > 8) throw std::runtime_error("not covered: other than 1 to 8 GPUs");
  check_sharding(s);
  if (range.least < 1 || range.most <= range.least || range.prompt < 1 || range.context < 1)
    throw std::runtime_error("needs 2 sequences and 1 prompt token");
  if (s.gpu.bandwidth <= 0 || s.gpu.bf16 <= 0 || (s.gpus > 1 && s.gpu.link <= 0))
    throw std::runtime_error("the GPU's sheet has a size that is not above 0");
}

// A sheet of another unit, such as GB/s, gives times that no step has.
void check(const StepTime& t) {
  constexpr double kLongest = 60;        // [s]
  constexpr double kRounding = -0.5e-9;  // [s] differences of times that are the same
  for (const double part :
       {t.base, t.sequence, t.prompt_token, t.pair * 1e6, t.context_token * 1000})
    if (!(part >= kRounding && part <= kLongest))
      throw std::runtime_error(
          "these sizes give step times that no server has; the sheet is in B/s "
          "and 1/s");
}

}  // namespace

StepLine step_line(const Server& server, const Terms& constants, const LineRange& range) {
  check(server, range);
  const StepLine line = step_line_unchecked(server, constants, range);
  check(line.time);
  return line;
}

StepLine step_line_unchecked(const Server& server, const Terms& constants, const LineRange& range) {
  const auto time = [&](const StepLoad& load) {
    return seconds(step_terms(server, load), constants);
  };
  const auto decode = [&](double sequences) { return time({sequences}); };
  const double least = range.least, most = range.most, prompt = range.prompt;
  StepLine line;
  StepTime& t = line.time;
  t.sequence = (decode(most) - decode(least)) / (most - least);
  t.base = decode(least) - least * t.sequence;
  t.context_token = (time({most, range.context}) - decode(most)) / (most * range.context);
  // One prompt of twice the length has twice the pairs of two.
  t.pair = (time({most, 0, 2 * prompt}) - time({most, 0, prompt, 2})) / (prompt * prompt);
  const double whole =
      prompts_alone(server.engine)
          ? time({0, 0, prompt, range.prompts}) - t.base - range.prompts * t.sequence
          : time({most, 0, prompt, range.prompts}) - decode(most);
  t.prompt_token = whole / (range.prompts * prompt) - t.pair * prompt / 2;
  for (int b = range.least; b <= range.most; ++b)
    line.error = std::max(line.error, std::abs((t.base + b * t.sequence) / decode(b) - 1));
  for (int b = 1; b <= range.most; ++b) {
    const double laid = t.base + b * t.sequence + b * range.context * t.context_token;
    const double of_line = time({1.0 * b, range.context}) / laid;
    if (of_line < line.low) line.low = of_line, line.lowest = b;
    if (of_line > line.high) line.high = of_line, line.highest = b;
  }
  return line;
}

}  // namespace stampede::calibration
