#include "tools/calibration/accuracy.h"

#include <algorithm>
#include <stdexcept>

#include "tools/calibration/csv.h"

namespace stampede::calibration {
namespace {

template <class Rows, class Answered>
Measures measure_answered(const Rows& rows, u32 output, Answered answered) {
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
  m.ttft_p99 = quantile(first, 0.99);
  m.e2e_p99 = quantile(whole, 0.99);
  return m;
}

bool is_file(const std::string& name) { return name.ends_with(".json"); }

// `name` of a column is none of `known`.
void unknown(const CsvRow& row, const char* column, const std::string& name,
             const std::vector<std::string>& known) {
  std::string all;
  for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
  throw std::runtime_error(row.place + ": " + column + ": \"" + name +
                           "\" is neither a .json file nor one of " + all);
}

// What bounds the fit: of names that are known, and of files.
void read_sizes(const CsvRow& row, const std::string& directory, Run& r) {
  Server server;
  const bool own_model = is_file(r.model), own_gpu = is_file(r.gpu);
  if (own_model) server.model = read_model_config(directory + "/" + r.model);
  if (own_gpu) server.gpu = read_gpu_sheet(directory + "/" + r.gpu);
  server.precision = server.model.quantization.precision;
  server.key_value_bytes = server.model.quantization.key_value_bytes;
  server.gpus = r.tp;
  const ModelSize* model = find_model(r.model);
  const GpuSize* gpu = find_gpu(r.gpu);
  if (!own_model && model == nullptr) unknown(row, "model", r.model, known_models());
  if (!own_gpu && gpu == nullptr) unknown(row, "gpu", r.gpu, known_gpus());
  check_covered(server.model);
  check_precision(server.model.quantization);
  if (!own_gpu && server.precision != "bf16" && server.precision != "int4")
    throw std::runtime_error(row.place + ": gpu: a model in " + server.precision +
                             " needs a .json file of its GPU, which says how fast it is there");
  r.size = own_model ? size_of(server) : *model;
  r.gpu_size = own_gpu ? gpu_size_of(server) : *gpu;
}

}  // namespace

std::vector<Run> read_runs(const std::string& directory, const SharedTexts& texts) {
  std::vector<Run> runs;
  for (const CsvRow& row : read_csv(directory + "/index.csv")) {
    Run r;
    r.name = text(row, "experiment");
    r.model = text(row, "model");
    r.gpu = text(row, "gpu");
    r.tp = static_cast<int>(whole_number(row, "tp"));
    r.output = whole_number(row, "target_output_len");
    EngineParams& e = r.limits.engine;
    e.max_num_seqs = whole_number(row, "max_num_seqs");
    e.max_num_batched_tokens = whole_number(row, "max_num_batched_tokens");
    e.kv_blocks = whole_number(row, "kv_blocks");
    const auto stated = [&](const char* column, u32 otherwise) {
      return has(row, column) ? whole_number(row, column) : otherwise;
    };
    r.limits.distinct_prompts = stated("distinct_prompts", texts.distinct_prompts);
    r.limits.system_prompts = stated("system_prompts", texts.system_prompts);
    r.limits.system_tokens = whole_number(row, "sys_prompt_len");
    read_sizes(row, directory, r);
    e.prefix_caching = e.async_scheduling = true;
    r.overloaded = number(row, "n_ok") < number(row, "n");
    r.recording = read_recording(directory + "/" + r.name + ".csv.gz", r.output);
    runs.push_back(std::move(r));
  }
  return runs;
}

bool same_server(const Run& one, const Run& other) {
  return one.model == other.model && one.gpu == other.gpu && one.tp == other.tp;
}

StepTime fit_without(const std::vector<Run>& runs, const Run& like, const Run* left_out,
                     const Held& held) {
  std::vector<FitRun> others;
  for (const Run& r : runs)
    if (same_server(r, like) && !r.overloaded && &r != left_out)
      others.push_back({&r.recording, r.limits});
  if (others.empty()) throw NoFit(like.model + ": no other run at moderate load");
  StepBounds bounds = step_bounds(like.size, like.gpu_size, like.tp);
  bounds.sequence = held.sequence;
  if (const auto c = held.prompt_token.find(like.model); c != held.prompt_token.end())
    bounds.prompt_low = bounds.prompt_high = c->second;
  try {
    return fit(others, bounds);
  } catch (const NoFit& none) {
    throw NoFit(like.model + ": " + none.what());
  }
}

double quantile(std::vector<double> v, double q) {
  if (v.empty()) return 0;
  std::sort(v.begin(), v.end());
  return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1) + 0.5)];
}

double error_percent(double measured, double predicted) { return 100 * (predicted / measured - 1); }

Measures measure(const std::vector<RecordedRequest>& requests, u32 output) {
  return measure_answered(requests, output, [](const RecordedRequest& r) { return !r.failed; });
}

Measures measure(const std::vector<PlayedRequest>& requests, u32 output) {
  return measure_answered(requests, output, [](const PlayedRequest& r) { return r.finished; });
}

std::vector<Prediction> predict_all(const std::vector<Run>& runs, const Held& held) {
  std::vector<Prediction> predictions;
  for (const Run& r : runs) {
    Prediction p{&r, measure(r.recording, r.output), {}, ""};
    PlaybackParams params = r.limits;
    try {
      set_step_time(params, fit_without(runs, r, &r, held));
      p.predicted = measure(play(r.recording, params).requests, r.output);
    } catch (const NoFit& none) {
      p.why_not = none.what();
    }
    predictions.push_back(std::move(p));
  }
  return predictions;
}

PlaybackParams engine_of_log(u32 blocks, u32 max_num_seqs) {
  PlaybackParams params;
  params.timeout = 1e6;
  params.engine.max_num_seqs = max_num_seqs;
  params.engine.max_num_batched_tokens = 2048;
  params.engine.kv_blocks = blocks - 1;  // one is vLLM's placeholder
  params.engine.prefix_caching = params.engine.async_scheduling = true;
  params.engine.reserve_full_prompt = true;
  return params;
}

}  // namespace stampede::calibration
