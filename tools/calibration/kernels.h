// Step times of an engine from its kernels, measured one by one on a GPU that serves nobody: no run
// of a server is seen. The files are those of LLMServingSim's profiler (dense.csv, per_sequence.csv
// and attention.csv of a model on a GPU, github.com/casys-kaist/LLMServingSim, profiler/perf).
// **Limits** kernels in a row, without gaps between them; chunks of several prompts in one step
// count as one chunk, contexts of unlike length as their mean.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "tools/calibration/fit.h"

namespace stampede::calibration {

// What one step computes. `before`: tokens that the prompt's chunk follows; `context`: mean length
// of what a decode reads.
struct StepShape {
  double prompt = 0, before = 0, decodes = 0, context = 0;
};

class KernelProfile {
 public:
  // `layers` of the model. Throws std::runtime_error.
  KernelProfile(const std::string& directory, int layers);

  // Sum of the kernels, between measured sizes and beyond them on straight lines [s].
  double seconds(const StepShape& step) const;

 private:
  using Line = std::map<double, double>;
  double attention(const StepShape& step) const;

  Line dense_, per_sequence_;  // by tokens and by sequences, over all layers [s]
  // By decodes, their context, prompt tokens and tokens before them; one layer [s].
  std::map<double, std::map<double, std::map<double, Line>>> attention_;
  int layers_;
};

// The straight line through the kernels' times of the steps that a server forms when `recording`
// arrives: a, b and d from those without prompts, then c and e from the others. What the recording
// says of times is not used, only who came when with how many tokens. Throws std::runtime_error.
struct KernelFit {
  StepTime time;
  double decode_error = 0, prompt_error = 0;  // relative, root mean square
};
KernelFit fit_kernels(const KernelProfile& kernels, const std::vector<RecordedRequest>& recording,
                      const PlaybackParams& limits);

}  // namespace stampede::calibration
