// Fits step times to recordings of real vLLM servers and shows how well they predict others.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <system_error>

#include "tools/calibration/accuracy.h"
#include "tools/calibration/accuracy_command.h"
#include "tools/calibration/bench_result.h"
#include "tools/calibration/kernels.h"
#include "tools/calibration/points_command.h"
#include "tools/calibration/predict_command.h"

namespace stampede::calibration {
namespace {

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
  if (gpu == nullptr)
    throw std::runtime_error(
        fmt::format("--gpu {}: not one of {}", gpu_name, fmt::join(known_gpus(), ", ")));
  const ModelSize* model = find_model(model_name);
  if (model == nullptr)
    throw std::runtime_error(
        fmt::format("--model {}: not one of {}", model_name, fmt::join(known_models(), ", ")));
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

// The model's name, with its GPUs where it was run on others as well.
std::string server_name(const std::vector<Run>& runs, const Run& of) {
  const bool only = std::none_of(runs.begin(), runs.end(), [&](const Run& r) {
    return r.model == of.model && !same_server(r, of);
  });
  return only ? of.model : fmt::format("{} on {} {}", of.model, of.tp, of.gpu);
}

void coefficients(const std::string& directory, const SharedTexts& texts) {
  const std::vector<Run> runs = read_runs(directory, texts);
  std::string without;
  for (auto run = runs.begin(); run != runs.end(); ++run) {
    if (std::any_of(runs.begin(), run, [&](const Run& r) { return same_server(r, *run); }))
      continue;
    StepTime t;
    try {
      t = fit_without(runs, *run, nullptr);
    } catch (const NoFit& none) {
      without += (without.empty() ? "" : "\n") + std::string(none.what());
      continue;
    }
    fmt::print(
        "{}: step_base {:.3f} ms, per prompt token {:.4f} ms, per 1000 context tokens "
        "{:.4f} ms, front end {:.1f} ms\n",
        server_name(runs, *run), t.base * 1e3, t.prompt_token * 1e3, t.context_token * 1e6,
        t.front_end * 1e3);
  }
  if (!without.empty()) throw std::runtime_error(without);
}

constexpr int kMostBlocks = 1 << 30;

struct BenchResult {
  std::string path;
  std::size_t benchmark = 0;
  std::optional<TimeUnit> unit;
};

// The command `recording` of `app`.
CLI::App* add_recording(CLI::App& app, BenchResult& result) {
  CLI::App* sub = app.add_subcommand(
      "recording", "requests of `vllm bench serve` or GuideLLM as the CSV of a trace");
  sub->add_option("RESULT", result.path, "JSON that the benchmark left")->required();
  sub->add_option("--benchmark", result.benchmark, "which one of GuideLLM's, from 0");
  sub->add_option("--time-unit", result.unit, "of the times when requests began: s, ms, us, ns")
      ->transform(CLI::CheckedTransformer(std::map<std::string, TimeUnit>{{"s", TimeUnit::kS},
                                                                          {"ms", TimeUnit::kMs},
                                                                          {"us", TimeUnit::kUs},
                                                                          {"ns", TimeUnit::kNs}}));
  return sub;
}

// The exit code where there is nothing more to do: help was asked for, or the call is wrong.
std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

// Exit codes as those of `stampede`: 2 for input that cannot be used, 70 for a fault of this
// program, 74 for what cannot be written.
int guarded(const std::function<void()>& command) {
  try {
    command();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw std::system_error(errno, std::generic_category(), "standard output");
  } catch (const std::system_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 74;
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "calibrate: internal error, please report it: {}\n", error.what());
    return 70;
  }
  return 0;
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
  fit->add_option("DIRECTORY", directory, "measurements")->required();
  stampede::calibration::SharedTexts texts;
  stampede::calibration::add_shared_texts(*fit, texts);
  stampede::calibration::AccuracyOptions left_out;
  const CLI::App* show = stampede::calibration::add_accuracy(app, left_out);
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
  line->add_option("--blocks", blocks, "num_gpu_blocks of its log")
      ->required()
      ->check(CLI::Range(2, stampede::calibration::kMostBlocks));
  line->add_option("--max-num-seqs", seqs, "most sequences that run at the same time")
      ->check(CLI::Range(1, stampede::calibration::kMostSequences));
  stampede::calibration::PredictOptions sizes;
  const CLI::App* sized = stampede::calibration::add_predict(app, sizes);
  stampede::calibration::BenchResult result;
  const CLI::App* recording = stampede::calibration::add_recording(app, result);
  stampede::calibration::PointsOptions measured;
  const CLI::App* points = stampede::calibration::add_points(app, measured);
  if (const auto code = stampede::calibration::parse(app, argc, argv)) return *code;
  return stampede::calibration::guarded([&] {
    if (*points)
      stampede::calibration::print_points(measured);
    else if (*recording)
      fmt::print("{}",
                 stampede::calibration::recording_csv(stampede::calibration::read_bench_result(
                     result.path, result.benchmark, result.unit)));
    else if (*sized)
      stampede::calibration::print_prediction(sizes);
    else if (*line)
      stampede::calibration::timeline(log, kernels, gpu, model, blocks, seqs);
    else if (*show)
      stampede::calibration::print_accuracy(left_out);
    else
      stampede::calibration::coefficients(directory, texts);
  });
}
