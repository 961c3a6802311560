#include "tools/calibration/kernels.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tools/calibration/csv.h"
#include "tools/calibration/least_squares.h"

namespace stampede::calibration {
namespace {

constexpr double kMicro = 1e-6;
constexpr int kRounds = 6;

// `at` of the two neighbours of x, and the straight line through them; below the least, its value.
template <class Map, class At>
double interpolate(const Map& map, double x, At at) {
  auto high = map.lower_bound(x);
  if (high == map.begin()) return at(high->second);
  if (high == map.end()) {
    if (map.size() == 1) return at(map.begin()->second);
    --high;
  }
  const auto low = std::prev(high);
  const double from = at(low->second);
  return from + (at(high->second) - from) * (x - low->first) / (high->first - low->first);
}

double on_line(const std::map<double, double>& line, double x) {
  return interpolate(line, x, [](double y) { return y; });
}

// Sums the lines of several kernels at the sizes of the first.
std::map<double, double> sum(const std::map<std::string, std::map<double, double>>& kernels,
                             const std::map<std::string, double>& times) {
  std::map<double, double> total;
  for (const auto& [name, count] : times) {
    const auto kernel = kernels.find(name);
    if (kernel == kernels.end()) throw std::runtime_error("kernel profile: no " + name);
    if (total.empty())
      for (const auto& [size, time] : kernel->second) total[size] = 0;
    for (auto& [size, time] : total) time += count * on_line(kernel->second, size);
  }
  return total;
}

std::map<std::string, std::map<double, double>> read_kernels(const std::string& path,
                                                             const char* size) {
  std::map<std::string, std::map<double, double>> kernels;
  for (const CsvRow& row : read_csv(path))
    kernels[text(row, "layer")][number(row, size)] = number(row, "time_us") * kMicro;
  return kernels;
}

// The step that the engine's counters tell of: one prompt's chunk at most, the rest decodes.
StepShape shape_of(const Work& w) {
  StepShape s;
  s.prompt = w.prompt_tokens;
  if (w.prompt_tokens > 0)
    s.before = std::max(0.0, w.pairs / w.prompt_tokens - w.prompt_tokens / 2);
  s.decodes = w.prompt_tokens > 0 ? w.sequences - 1 : w.sequences;
  if (s.decodes > 0) s.context = w.context_tokens / s.decodes;
  return s;
}

double root_mean_square(const Eigen::VectorXd& v) {
  return v.norm() / std::sqrt(static_cast<double>(std::max<Eigen::Index>(1, v.size())));
}

Eigen::VectorXd positive_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& y) {
  const Eigen::Index n = a.cols();
  return bounded_least_squares(a, y, Eigen::VectorXd::Zero(n), Eigen::VectorXd::Ones(n));
}

// Least squares of relative errors.
void fit_decodes(const KernelProfile& kernels, const std::vector<const Work*>& steps,
                 KernelFit& fit) {
  Eigen::MatrixXd a(static_cast<Eigen::Index>(steps.size()), 3);
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    const Work& w = *steps[static_cast<std::size_t>(i)];
    a.row(i) << 1, w.sequences, w.context_tokens;
    a.row(i) /= kernels.seconds(shape_of(w));
  }
  const Eigen::VectorXd one = Eigen::VectorXd::Ones(a.rows());
  const Eigen::VectorXd x = positive_least_squares(a, one);
  fit.time.base = x(0), fit.time.sequence = x(1), fit.time.context_token = x(2);
  fit.decode_error = root_mean_square(a * x - one);
}

// Least squares of seconds, so that long chunks count.
void fit_prompts(const KernelProfile& kernels, const std::vector<const Work*>& steps,
                 KernelFit& fit) {
  StepTime& t = fit.time;
  const auto n = static_cast<Eigen::Index>(steps.size());
  Eigen::MatrixXd a(n, 2);
  Eigen::VectorXd y(n), whole(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Work& w = *steps[static_cast<std::size_t>(i)];
    a.row(i) << w.prompt_tokens, w.pairs;
    whole(i) = kernels.seconds(shape_of(w));
    y(i) = whole(i) - t.base - t.sequence * w.sequences - t.context_token * w.context_tokens;
  }
  const Eigen::VectorXd x = positive_least_squares(a, y);
  t.prompt_token = x(0), t.pair = x(1);
  fit.prompt_error = root_mean_square((a * x - y).cwiseQuotient(whole));
}

}  // namespace

KernelProfile::KernelProfile(const std::string& directory, int layers) : layers_(layers) {
  const auto in = [&](const char* name) { return directory + "/" + name; };
  const double n = layers;
  dense_ = sum(read_kernels(in("dense.csv"), "tokens"), {{"embedding", 1},
                                                         {"layernorm", 2 * n},
                                                         {"qkv_proj", n},
                                                         {"rotary_emb", n},
                                                         {"o_proj", n},
                                                         {"gate_up_proj", n},
                                                         {"act_fn", n},
                                                         {"down_proj", n},
                                                         {"final_layernorm", 1}});
  per_sequence_ =
      sum(read_kernels(in("per_sequence.csv"), "sequences"), {{"lm_head", 1}, {"sampler", 1}});
  for (const auto& row : read_csv(in("attention.csv"))) {
    const auto cell = [&](const char* name) { return number(row, name); };
    attention_[cell("n_decode")][cell("kv_decode")][cell("prefill_chunk")][cell("kv_prefill")] =
        cell("time_us") * kMicro;
  }
  if (attention_.empty()) throw std::runtime_error(in("attention.csv") + ": empty");
}

double KernelProfile::seconds(const StepShape& s) const {
  return on_line(dense_, s.prompt + s.decodes) +
         on_line(per_sequence_, s.decodes + (s.prompt > 0 ? 1 : 0)) + layers_ * attention(s);
}

double KernelProfile::attention(const StepShape& s) const {
  return interpolate(attention_, s.decodes, [&](const auto& of_context) {
    return interpolate(of_context, s.context, [&](const auto& of_prompt) {
      return interpolate(of_prompt, s.prompt,
                         [&](const Line& of_before) { return on_line(of_before, s.before); });
    });
  });
}

KernelFit fit_kernels(const KernelProfile& kernels, const std::vector<RecordedRequest>& recording,
                      const PlaybackParams& limits) {
  KernelFit fit;
  const double budget = limits.engine.max_num_batched_tokens;
  fit.time.base = kernels.seconds({0, 0, 1, 0});
  fit.time.prompt_token = kernels.seconds({budget, 0, 0, 0}) / budget;
  for (int round = 0; round < kRounds; ++round) {
    PlaybackParams params = limits;
    set_step_time(params, fit.time);
    const Playback played = play(recording, params, true);
    std::vector<const Work*> decodes, prompts;
    for (const Work& w : played.steps_done) (w.prompt_tokens > 0 ? prompts : decodes).push_back(&w);
    if (decodes.empty() || prompts.empty())
      throw std::runtime_error("kernel fit: needs steps with prompts and steps without");
    fit_decodes(kernels, decodes, fit);
    fit_prompts(kernels, prompts, fit);
  }
  return fit;
}

}  // namespace stampede::calibration
