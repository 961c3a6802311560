// Fits step times to recordings of real vLLM servers and shows how well they predict others.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "tools/calibration/accuracy.h"

namespace stampede::calibration {
namespace {

void accuracy(const std::string& directory) {
  const std::vector<Run> runs = read_runs(directory);
  fmt::print(
      "Each run predicted with step times fitted to the other runs of its model at moderate "
      "load.\nmeasured, and how far the prediction is from it in %\n\n");
  fmt::print("{:<28} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15}\n", "run", "answered", "TTFT mean s",
             "TTFT p99 s", "E2E mean s", "E2E p99 s", "TPOT mean ms");
  std::vector<double> e2e, ttft, tpot;
  for (const Prediction& shown : predict_all(runs)) {
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

// One engine's own log: step times from the requests that came before `until`, or from data sheets;
// then the whole run, one sample a second as CSV.
void timeline(const std::string& path, const std::string& gpu_name, u32 blocks, u32 seqs,
              double until) {
  const std::string model = "meta-llama/Llama-3.1-8B";
  const GpuSize* gpu = find_gpu(gpu_name);
  if (gpu == nullptr) throw std::runtime_error(gpu_name + ": unknown GPU");
  const std::vector<RecordedRequest> recording = read_engine_log(path);
  PlaybackParams params = engine_of_log(blocks, seqs);
  const StepEstimate e = estimate_step(*find_model(model), *gpu, 1);
  const StepTime t = until > 0 ? fit_beginning(recording, params, model, gpu_name, until)
                               : StepTime{e.base, e.prompt_token, e.context_token, 0};
  set_step_time(params, t);
  fmt::print(stderr,
             "step {:.3f} ms, {:.4f} ms a prompt token, {:.4f} ms per 1000 context tokens\n",
             t.base * 1e3, t.prompt_token * 1e3, t.context_token * 1e6);
  const Playback played = play(recording, params);
  const Measures m = measure(recording, 0), p = measure(played.requests, 0);
  fmt::print(stderr,
             "TTFT mean {:.2f} s ({:+.1f} %), p99 {:.2f} s ({:+.1f} %); E2E mean {:.2f} s ({:+.1f} "
             "%), p99 {:.2f} s ({:+.1f} %); {} preemptions\n",
             p.ttft, error_percent(m.ttft, p.ttft), p.ttft_p99,
             error_percent(m.ttft_p99, p.ttft_p99), p.e2e, error_percent(m.e2e, p.e2e), p.e2e_p99,
             error_percent(m.e2e_p99, p.e2e_p99), played.preemptions);
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
  CLI::App* line = app.add_subcommand(
      "timeline", "Llama-3.1-8B on a GPU known from its data sheet: curves of one run as CSV");
  std::string log, gpu;
  u32 blocks = 0, seqs = 256;
  line->add_option("LOG", log, "requests as JSON, one a line")->required();
  line->add_option("--gpu", gpu, "such as RTX-4090")->required();
  line->add_option("--blocks", blocks, "num_gpu_blocks of its log")->required();
  line->add_option("--max-num-seqs", seqs, "running sequences at most");
  double until = 0;
  line->add_option("--fit-until", until,
                   "seconds: fit to the requests that came before; 0: data sheets alone");
  CLI11_PARSE(app, argc, argv);
  try {
    if (*line)
      stampede::calibration::timeline(log, gpu, blocks, seqs, until);
    else if (*show)
      stampede::calibration::accuracy(directory);
    else
      stampede::calibration::coefficients(directory);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
}
