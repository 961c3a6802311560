// Fits step times to recordings of real vLLM servers and shows how well they predict others.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "tools/calibration/accuracy.h"
#include "tools/calibration/kernels.h"
#include "tools/calibration/step_line.h"

namespace stampede::calibration {
namespace {

void accuracy(const std::string& directory, double per_sequence,
              const std::vector<std::string>& per_prompt_token) {
  Held held;
  held.sequence = per_sequence * 1e-6;
  for (const std::string& word : per_prompt_token) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos) throw std::runtime_error(word + ": needs MODEL=MICROSECONDS");
    held.prompt_token[word.substr(0, equals)] = std::stod(word.substr(equals + 1)) * 1e-6;
  }

  const std::vector<Run> runs = read_runs(directory);
  fmt::print(
      "Each run predicted with step times fitted to the other runs of its model at moderate "
      "load.\nmeasured, and how far the prediction is from it in %\n\n");
  fmt::print("{:<28} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15}\n", "run", "answered", "TTFT mean s",
             "TTFT p99 s", "E2E mean s", "E2E p99 s", "TPOT mean ms");
  std::vector<double> e2e, ttft, tpot;
  for (const Prediction& shown : predict_all(runs, held)) {
    const Measures &m = shown.measured, &p = shown.predicted;
    const auto pair = [](double x, double y) {
      return fmt::format("{:.4g} {:+.1f}", x, error_percent(x, y));
    };
    fmt::print("{:<28} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15}{}\n", shown.run->name.substr(16),
               fmt::format(
                   "{} {:+.1f}", m.answered,
                   error_percent(static_cast<double>(m.answered), static_cast<double>(p.answered))),
               pair(m.ttft, p.ttft), pair(m.ttft_p99, p.ttft_p99), pair(m.e2e, p.e2e),
               pair(m.e2e_p99, p.e2e_p99), pair(m.tpot * 1e3, p.tpot * 1e3),
               shown.run->overloaded ? "  overloaded" : "");
    if (shown.run->overloaded) continue;
    e2e.push_back(std::abs(error_percent(m.e2e, p.e2e)));
    ttft.push_back(std::abs(error_percent(m.ttft, p.ttft)));
    tpot.push_back(std::abs(error_percent(m.tpot, p.tpot)));
  }
  fmt::print(
      "\nmoderate runs, absolute error: E2E mean median {:.1f} %, worst {:.1f} %; TTFT mean "
      "median {:.1f} %; TPOT mean median {:.1f} %\n",
      quantile(e2e, 0.5), quantile(e2e, 1), quantile(ttft, 0.5), quantile(tpot, 0.5));
}

// Mean time per token of those with two and more [s].
template <class Requests>
double time_per_token(const Requests& requests, const std::vector<RecordedRequest>& recording) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < recording.size(); ++i) {
    if (recording[i].output < 2) continue;
    sum += (requests[i].e2e - requests[i].ttft) / (recording[i].output - 1);
    ++count;
  }
  return sum / std::max(1.0, count);
}

// Step times of Llama-3.1-8B from a profile of its kernels, or else of the named model from the
// GPU's data sheet.
StepTime step_time(const std::string& kernels, const std::string& gpu_name,
                   const std::string& model_name, const std::vector<RecordedRequest>& recording,
                   const PlaybackParams& params) {
  constexpr int kLayers = 32;
  if (!kernels.empty()) {
    const KernelFit fit = fit_kernels(KernelProfile(kernels, kLayers), recording, params);
    fmt::print(stderr, "kernels: decode steps met within {:.1f} %, steps with prompts {:.1f} %\n",
               100 * fit.decode_error, 100 * fit.prompt_error);
    return fit.time;
  }
  const GpuSize* gpu = find_gpu(gpu_name);
  if (gpu == nullptr) throw std::runtime_error(gpu_name + ": unknown GPU");
  const ModelSize* model = find_model(model_name);
  if (model == nullptr) throw std::runtime_error(model_name + ": unknown model");
  fmt::print(stderr, "data sheet of {} on {}\n", model_name, gpu_name);
  const StepEstimate e = estimate_step(*model, *gpu, 1);
  return {e.base, e.prompt_token, e.context_token, 0};
}

// One engine's own log: the whole run with step times that no run was asked for, one sample a
// second as CSV.
void timeline(const std::string& path, const std::string& kernels, const std::string& gpu,
              const std::string& model, u32 blocks, u32 seqs) {
  const std::vector<RecordedRequest> recording = read_engine_log(path);
  PlaybackParams params = engine_of_log(blocks, seqs);
  const StepTime t = step_time(kernels, gpu, model, recording, params);
  set_step_time(params, t);
  fmt::print(stderr,
             "step {:.3f} ms, {:.4f} ms a sequence, {:.4f} ms a prompt token, {:.4f} ms per 10^6 "
             "pairs, {:.4f} ms per 1000 context tokens\n",
             t.base * 1e3, t.sequence * 1e3, t.prompt_token * 1e3, t.pair * 1e9,
             t.context_token * 1e6);
  const Playback played = play(recording, params);
  const Measures m = measure(recording, 0), p = measure(played.requests, 0);
  const auto pair = [](double measured, double predicted) {
    return fmt::format("{:.4g} s ({:+.1f} %)", predicted, error_percent(measured, predicted));
  };
  fmt::print(stderr,
             "TTFT mean {}, p99 {}; E2E mean {}, p99 {}; time per token {}; {} preemptions\n",
             pair(m.ttft, p.ttft), pair(m.ttft_p99, p.ttft_p99), pair(m.e2e, p.e2e),
             pair(m.e2e_p99, p.e2e_p99),
             pair(time_per_token(recording, recording), time_per_token(played.requests, recording)),
             played.preemptions);
  fmt::print("t,running,waiting,kv_cache_pct\n");
  for (const Playback::Sample& s : played.samples)
    fmt::print("{},{},{},{:.2f}\n", s.at, s.running, s.waiting, 100.0 * s.blocks / (blocks - 1));
}

void coefficients(const std::string& directory) {
  const std::vector<Run> runs = read_runs(directory);
  std::vector<std::string> models;
  for (const Run& r : runs)
    if (std::find(models.begin(), models.end(), r.model) == models.end()) models.push_back(r.model);
  for (const std::string& model : models) {
    const StepTime t = fit_without(runs, model, nullptr);
    fmt::print(
        "{}: step_base {:.3f} ms, per prompt token {:.4f} ms, per 1000 context tokens "
        "{:.4f} ms, front end {:.1f} ms\n",
        model, t.base * 1e3, t.prompt_token * 1e3, t.context_token * 1e6, t.front_end * 1e3);
  }
}

struct Sizes {
  std::string config, gpu, precision = "bf16";
  int gpus = 1, batch = 128;
  double prompt = 1024, quantile = 0.5;
};

// Step times that no run was asked for, as the `engine` of a profile.
void predict(const Sizes& sizes) {
  const Server server{read_model_config(sizes.config), read_gpu_sheet(sizes.gpu), sizes.precision,
                      sizes.gpus, kVllm};
  const StepLine line = step_line(server, fitted_constants(), sizes.batch, sizes.prompt);
  const double of_band = band(sizes.quantile);
  const auto nanoseconds = [&](double seconds) { return std::llround(of_band * seconds * 1e9); };
  fmt::print(
      "# Roofline, quantile {} of its band: {:.0f} % of the prediction. Line within {:.1f} % of "
      "it\n"
      "# up to {} sequences. Time per token of models not fitted: 13.4 % off (median).\n"
      "engine:\n  step_base: {}ns\n  step_per_sequence: {}ns\n  step_per_prompt_token: {}ns\n"
      "  step_per_million_pairs: {}ns\n  step_per_thousand_context_tokens: {}ns\n",
      sizes.quantile, 100 * of_band, 100 * line.error, sizes.batch, nanoseconds(line.time.base),
      nanoseconds(line.time.sequence), nanoseconds(line.time.prompt_token),
      nanoseconds(line.time.pair * 1e6), nanoseconds(line.time.context_token * 1000));
}

// The command `predict` of `app`; what it is asked goes to `sizes`.
CLI::App* add_predict(CLI::App& app, Sizes& sizes) {
  CLI::App* sub = app.add_subcommand(
      "predict", "step times of any covered model and GPU from their sizes, with a band");
  sub->add_option("CONFIG", sizes.config, "the model's config.json")->required();
  sub->add_option("--gpu", sizes.gpu,
                  "JSON with memory_bandwidth, link_bandwidth [B/s], bf16_flops, fp8_flops, "
                  "fp4_flops [1/s]")
      ->required();
  sub->add_option("--precision", sizes.precision, "of the weights: bf16, fp8, fp4 or int4");
  sub->add_option("--gpus", sizes.gpus, "tensor or expert parallel");
  sub->add_option("--batch", sizes.batch, "most sequences that run at the same time");
  sub->add_option("--prompt", sizes.prompt, "tokens of a usual prompt");
  sub->add_option("--quantile", sizes.quantile, "of the band: 0.1, 0.5 or 0.9");
  return sub;
}

}  // namespace
}  // namespace stampede::calibration

using stampede::u32;

int main(int argc, char** argv) {
  CLI::App app(
      "Fits engine step times to recordings of vLLM servers.\n\n"
      "DIRECTORY holds index.csv (one row a run) and a recording a run.");
  app.require_subcommand(1);
  std::string directory;
  CLI::App* fit = app.add_subcommand("fit", "coefficients of each model from its moderate runs");
  CLI::App* show = app.add_subcommand("accuracy", "predict each run from the others of its model");
  for (CLI::App* sub : {fit, show})
    sub->add_option("DIRECTORY", directory, "measurements")->required();
  double per_sequence = 0;
  std::vector<std::string> per_prompt_token;
  show->add_option("--per-sequence", per_sequence, "b, which is not fitted, in us");
  show->add_option("--per-prompt-token", per_prompt_token,
                   "MODEL=C: a c in us that is not fitted, such as meta-llama/Llama-2-7b-hf=18.1");
  CLI::App* line = app.add_subcommand(
      "timeline", "Llama-3.1-8B from measured kernels or a data sheet: curves of one run as CSV");
  std::string log, kernels, gpu, model = "meta-llama/Llama-3.1-8B";
  u32 blocks = 0, seqs = 256;
  line->add_option("LOG", log, "requests as JSON, one a line")->required();
  line->add_option("--kernels", kernels,
                   "directory with dense.csv, per_sequence.csv and attention.csv of "
                   "LLMServingSim's profiler, such as its profiler/perf/RTX4090/.../tp1");
  line->add_option("--gpu", gpu, "without --kernels: data sheet of, such as RTX-4090");
  line->add_option("--model", model,
                   "whose data sheet, without --kernels; meta-llama/Llama-3.1-8B");
  line->add_option("--blocks", blocks, "num_gpu_blocks of its log")->required();
  line->add_option("--max-num-seqs", seqs, "most sequences that run at the same time");
  stampede::calibration::Sizes sizes;
  const CLI::App* sized = stampede::calibration::add_predict(app, sizes);
  CLI11_PARSE(app, argc, argv);
  try {
    if (*sized)
      stampede::calibration::predict(sizes);
    else if (*line)
      stampede::calibration::timeline(log, kernels, gpu, model, blocks, seqs);
    else if (*show)
      stampede::calibration::accuracy(directory, per_sequence, per_prompt_token);
    else
      stampede::calibration::coefficients(directory);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
}
