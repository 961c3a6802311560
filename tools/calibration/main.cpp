// Fits step times to recordings of real vLLM servers and shows how well they predict others.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "tools/calibration/fit.h"

namespace stampede::calibration {
namespace {

struct Run {
  std::string name, model, gpu, workload;
  int tp = 1;
  bool overloaded = false;
  PlaybackParams limits;
  u32 output = 0;
  std::vector<RecordedRequest> recording;
};

// The columns of index.csv by name.
std::vector<std::map<std::string, std::string>> read_csv(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    if (names.empty()) {
      names = cells;
      continue;
    }
    if (cells.size() != names.size()) throw std::runtime_error(path + ": a row of other length");
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[names[i]] = cells[i];
  }
  return rows;
}

std::vector<Run> read_runs(const std::string& directory) {
  std::vector<Run> runs;
  for (auto& row : read_csv(directory + "/index.csv")) {
    Run r;
    r.name = row["experiment"];
    r.workload = r.name.substr(r.name.rfind('-') + 1);
    r.model = row["model"];
    r.gpu = row["gpu"];
    r.tp = std::stoi(row["tp"]);
    r.output = static_cast<u32>(std::stoul(row["target_output_len"]));
    EngineParams& e = r.limits.engine;
    e.max_num_seqs = static_cast<u32>(std::stoul(row["max_num_seqs"]));
    e.max_num_batched_tokens = static_cast<u32>(std::stoul(row["max_num_batched_tokens"]));
    e.kv_blocks = static_cast<u32>(std::stoul(row["kv_blocks"]));
    // The load generator's defaults, whatever the columns say: lengths repeat after 100 requests.
    r.limits.distinct_prompts = 100;
    r.limits.system_prompts = 10;
    r.limits.system_tokens = static_cast<u32>(std::stoul(row["sys_prompt_len"]));
    e.prefix_caching = e.async_scheduling = true;
    r.overloaded = std::stoul(row["n_ok"]) < std::stoul(row["n"]);
    r.recording = read_recording(directory + "/" + r.name + ".csv.gz", r.output);
    runs.push_back(std::move(r));
  }
  return runs;
}

StepTime fit_without(const std::vector<Run>& runs, const std::string& model, const Run* left_out) {
  std::vector<const std::vector<RecordedRequest>*> recordings;
  const Run* any = nullptr;
  for (const Run& r : runs)
    if (r.model == model && !r.overloaded && &r != left_out)
      recordings.push_back(&r.recording), any = &r;
  if (any == nullptr) throw std::runtime_error(model + ": no other run at moderate load");
  const ModelSize* size = find_model(model);
  const GpuSize* gpu = find_gpu(any->gpu);
  if (size == nullptr || gpu == nullptr) throw std::runtime_error(model + ": sizes unknown");
  return fit(recordings, any->limits, step_bounds(*size, *gpu, any->tp));
}

struct Measures {
  std::size_t answered = 0;
  double ttft = 0, ttft_p50 = 0, ttft_p99 = 0, e2e = 0, e2e_p99 = 0, tpot = 0;
};

double quantile(std::vector<double> v, double q) {
  if (v.empty()) return 0;
  std::sort(v.begin(), v.end());
  return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1) + 0.5)];
}

template <class Rows, class Answered>
Measures measure(const Rows& rows, u32 output, Answered answered) {
  std::vector<double> first, whole;
  Measures m;
  for (const auto& r : rows) {
    if (!answered(r)) continue;
    first.push_back(r.ttft);
    whole.push_back(r.e2e);
    m.ttft += r.ttft;
    m.e2e += r.e2e;
    if (output > 1) m.tpot += (r.e2e - r.ttft) / (output - 1);
  }
  m.answered = first.size();
  const double n = std::max(1.0, static_cast<double>(m.answered));
  m.ttft /= n, m.e2e /= n, m.tpot /= n;
  m.ttft_p50 = quantile(first, 0.5);
  m.ttft_p99 = quantile(first, 0.99);
  m.e2e_p99 = quantile(whole, 0.99);
  return m;
}

double error(double measured, double predicted) { return 100 * (predicted / measured - 1); }

void accuracy(const std::string& directory) {
  const std::vector<Run> runs = read_runs(directory);
  fmt::print("Each run predicted with step times fitted to the other runs of its model at moderate "
             "load.\nmeasured, and how far the prediction is from it in %\n\n");
  fmt::print("{:<28} {:>15} {:>17} {:>17} {:>17} {:>17} {:>17}\n", "run", "answered", "TTFT mean s",
             "TTFT p99 s", "E2E mean s", "E2E p99 s", "TPOT mean ms");
  std::vector<double> e2e, ttft, tpot;
  for (const Run& r : runs) {
    PlaybackParams params = r.limits;
    set_step_time(params, fit_without(runs, r.model, &r));
    const Playback played = play(r.recording, params);
    const Measures m = measure(r.recording, r.output, [](const auto& x) { return !x.failed; });
    const Measures p = measure(played.requests, r.output, [](const auto& x) { return x.finished; });
    const auto pair = [](double x, double y) { return fmt::format("{:.4g} {:+.1f}", x, error(x, y)); };
    fmt::print("{:<28} {:>15} {:>17} {:>17} {:>17} {:>17} {:>17}{}\n", r.name.substr(16),
               pair(static_cast<double>(m.answered), static_cast<double>(p.answered)),
               pair(m.ttft, p.ttft), pair(m.ttft_p99, p.ttft_p99), pair(m.e2e, p.e2e),
               pair(m.e2e_p99, p.e2e_p99), pair(m.tpot * 1e3, p.tpot * 1e3),
               r.overloaded ? "  overloaded" : "");
    if (r.overloaded) continue;
    e2e.push_back(std::abs(error(m.e2e, p.e2e)));
    ttft.push_back(std::abs(error(m.ttft, p.ttft)));
    tpot.push_back(std::abs(error(m.tpot, p.tpot)));
  }
  fmt::print("\nmoderate runs, absolute error: E2E mean median {:.1f} %, worst {:.1f} %; TTFT mean "
             "median {:.1f} %; TPOT mean median {:.1f} %\n",
             quantile(e2e, 0.5), quantile(e2e, 1), quantile(ttft, 0.5), quantile(tpot, 0.5));
}

// A server that nobody measured, from data sheets; one sample a second as CSV.
void timeline(const std::string& path, const std::string& gpu_name, u32 blocks, u32 seqs) {
  const ModelSize* model = find_model("meta-llama/Llama-3.1-8B");
  const GpuSize* gpu = find_gpu(gpu_name);
  if (gpu == nullptr) throw std::runtime_error(gpu_name + ": unknown GPU");
  const std::vector<RecordedRequest> recording = read_engine_log(path);
  const StepEstimate e = estimate_step(*model, *gpu, 1);
  PlaybackParams params;
  params.timeout = 1e6;
  set_step_time(params, {e.base, e.prompt_token, e.context_token, 0});
  params.engine.max_num_seqs = seqs;
  params.engine.max_num_batched_tokens = 2048;
  params.engine.kv_blocks = blocks - 1;  // one is vLLM's placeholder
  params.engine.prefix_caching = params.engine.async_scheduling = true;
  params.engine.reserve_full_prompt = true;
  const Playback played = play(recording, params);
  const auto all = [](const auto&) { return true; };
  const Measures m = measure(recording, 0, all), p = measure(played.requests, 0, all);
  fmt::print(stderr,
             "TTFT mean {:.2f} s ({:+.1f} %), p99 {:.2f} s ({:+.1f} %); E2E mean {:.2f} s ({:+.1f} "
             "%), p99 {:.2f} s ({:+.1f} %); {} preemptions\n",
             p.ttft, error(m.ttft, p.ttft), p.ttft_p99, error(m.ttft_p99, p.ttft_p99), p.e2e,
             error(m.e2e, p.e2e), p.e2e_p99, error(m.e2e_p99, p.e2e_p99), played.preemptions);
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
    fmt::print("{}: step_base {:.3f} ms, per prompt token {:.4f} ms, per 1000 context tokens "
               "{:.4f} ms, front end {:.1f} ms\n",
               model, t.base * 1e3, t.prompt_token * 1e3, t.context_token * 1e6, t.front_end * 1e3);
  }
}

}  // namespace
}  // namespace stampede::calibration

using stampede::u32;

int main(int argc, char** argv) {
  CLI::App app("Fits engine step times to recordings of vLLM servers.\n\n"
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
  CLI11_PARSE(app, argc, argv);
  try {
    if (*line)
      stampede::calibration::timeline(log, gpu, blocks, seqs);
    else if (*show)
      stampede::calibration::accuracy(directory);
    else
      stampede::calibration::coefficients(directory);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
}
