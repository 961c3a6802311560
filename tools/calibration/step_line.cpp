#include "tools/calibration/step_line.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace stampede::calibration {
namespace {

void check(const Server& s, int batch, double prompt) {
  for (const std::string& part : s.model.not_covered)
    throw std::runtime_error("not covered: " + part);
  if (s.gpus < 1 || s.gpus > 8) throw std::runtime_error("not covered: other than 1 to 8 GPUs");
  if (batch < 2 || prompt < 1) throw std::runtime_error("needs 2 sequences and 1 prompt token");
  if (s.gpu.bandwidth <= 0 || s.gpu.bf16 <= 0 || (s.gpus > 1 && s.gpu.link <= 0))
    throw std::runtime_error("the GPU's sheet has a size that is not above 0");
}

}  // namespace

StepLine step_line(const Server& server, const Terms& constants, int batch, double prompt) {
  check(server, batch, prompt);
  const auto time = [&](const StepLoad& load) {
    return seconds(step_terms(server, load), constants);
  };
  const auto decode = [&](double sequences) { return time({sequences}); };
  StepLine line;
  StepTime& t = line.time;
  t.sequence = (decode(batch) - decode(1)) / (batch - 1);
  t.base = decode(1) - t.sequence;
  constexpr double kContext = 1024;
  t.context_token = (time({1.0 * batch, kContext}) - decode(batch)) / (batch * kContext);
  // Twice the prompt has four times the pairs.
  t.pair = (time({0, 0, 2 * prompt, false}) - 2 * time({0, 0, prompt, false})) / (prompt * prompt);
  const double whole = time({1.0 * batch, 0, prompt}) - decode(batch);
  t.prompt_token = (whole - t.pair * prompt * prompt / 2) / prompt;
  for (int b = 1; b <= batch; ++b)
    line.error = std::max(line.error, std::abs((t.base + b * t.sequence) / decode(b) - 1));
  return line;
}

}  // namespace stampede::calibration
