#include "tools/calibration/points.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "tools/calibration/benchmark_settings.h"
#include "tools/calibration/constants.h"
#include "tools/calibration/csv.h"
#include "tools/calibration/memory.h"
#include "tools/calibration/playback.h"
#include "tools/calibration/step_line.h"

namespace stampede::calibration {
namespace {

constexpr double kFrontEnd = 0.007;   // [s] fitted for Llama-2-7B on H100
constexpr double kShortest = 0.8;     // length of InferenceX, of the longest
constexpr int kFewClients = 64;       // up to so many TTFT is fitted: more wait for each other
constexpr double kLeastServed = 0.2;  // of TTFT: what is taken off for the front end leaves so much

struct Known {
  const char *part, *family, *file;  // part of model_path
};
constexpr Known kModels[] = {
    {"DeepSeek", "DeepSeek", "deepseek-r1"},
    {"Kimi-K2.5", "Kimi", "kimi-k2.5"},
    {"Llama-3.1-70B", "Llama-3.1-70B", "llama-3.1-70b-instruct"},
    {"Llama-3.1-8B", "Llama-3.1-8B", "llama-3.1-8b-instruct"},
    {"MiniMax-M2.5", "MiniMax-M2.5", "minimax-m2.5"},
    {"Qwen3-235B", "Qwen3-235B", "qwen3-235b-a22b"},
    {"Qwen3-32B", "Qwen3-32B", "qwen3-32b"},
    {"Qwen3.5-397B", "Qwen3.5", "qwen3.5-397b-a17b"},
    {"gpt-oss-120b", "gpt-oss-120b", "gpt-oss-120b"},
    {"GLM-5", "GLM-5", "glm-5"},
};

double size_of(const CsvRow& row, const std::string& column) {
  return text(row, column).empty() ? 1 : std::max(1.0, number(row, column));
}

std::string why_not(const Point& p, double groups) {
  if (!p.server.model.not_covered.empty()) return p.server.model.not_covered.front();
  if (p.server.gpus > 8) return "more than 8 GPUs";
  return groups > 1 ? "data-parallel attention" : "";
}

bool for_development(const Point& p) {
  const std::string group = p.family + "|" + p.system + "|" + p.backend;
  const auto* bytes = reinterpret_cast<const Bytef*>(group.data());
  return crc32(0, bytes, static_cast<uInt>(group.size())) % 2 == 0;
}

BenchmarkServer started(const Point& p) {
  return {p.family, p.system[0] != 'h', p.server.engine, p.prompt, p.clients, p.server.precision};
}

Point point_of(const CsvRow& row, const std::string& sizes) {
  const std::string& path = text(row, "model_path");
  const auto known = std::find_if(std::begin(kModels), std::end(kModels),
                                  [&](const Known& k) { return path.find(k.part) != path.npos; });
  if (known == std::end(kModels))
    throw std::runtime_error(row.place + ": " + path + ": no sizes of this model");
  Point p;
  p.family = known->family;
  p.system = text(row, "system");
  p.backend = text(row, "backend");
  p.server.model = read_model_config(sizes + "/models/" + known->file + ".json");
  p.server.gpu =
      read_gpu_sheet(sizes + "/gpus/" + p.system.substr(0, p.system.find('_')) + ".json");
  p.server.precision = text(row, "precision");
  if (p.server.precision.empty()) p.server.precision = "bf16";  // as the model is published
  p.server.gpus = static_cast<int>(size_of(row, "tp_size") * size_of(row, "pp_size"));
  p.server.engine = engine_named(p.backend);
  p.server.expert_parallel = static_cast<int>(size_of(row, "moe_ep_size"));
  p.prompt = number(row, "isl");
  p.answer = number(row, "osl");
  p.clients = static_cast<int>(number(row, "batch_size"));
  p.ttft = number(row, "silicon_ttft_ms") / 1e3;
  p.tpot = number(row, "silicon_tpot_ms") / 1e3;
  p.server.key_value_bytes = key_value_bytes(started(p));
  p.development = for_development(p);
  p.not_covered = why_not(p, size_of(row, "attention_dp_size"));
  p.protocol_known = (p.prompt == 1024 && (p.answer == 1024 || p.answer == 8192)) ||
                     (p.prompt == 8192 && p.answer == 1024);
  return p;
}

// Of the longest. genai-perf as aiconfigurator calls it draws none: all are alike.
double shortest(const Point& p) { return p.protocol_known ? kShortest : 1; }
double mean_length(const Point& p) { return (1 + shortest(p)) / 2; }

// Of the means over a closed loop, as sums of terms.
struct ClosedForm {
  Terms tpot{}, ttft{};
};

// While a step runs, clients / answer prompts come on average; a step has one or more of them, up
// to its budget.
double prompts_at_once(const Point& p) {
  const double most = token_budget(started(p)) / (mean_length(p) * p.prompt);
  return std::clamp(p.clients / (mean_length(p) * p.answer), 1.0, std::max(1.0, most));
}

// A token takes a decode step of all clients, and while one is answered each of the others has one
// prompt. A first token waits until the engine looks, for one and a half steps (asynchronous
// scheduling), for the step with its prompt, and once in ten times for the prompts of all who
// begin.
ClosedForm closed_form(const Point& p) {
  const double prompt = mean_length(p) * p.prompt, answer = mean_length(p) * p.answer;
  const double n = p.clients, at_once = prompts_at_once(p);
  const int look = steps_between_looks(started(p));
  const double waited = 1.5 + (look > 1 ? look / 2.0 : 0);
  const Terms decode = step_terms(p.server, {n, prompt + answer / 2});
  const bool alone = prompts_alone(p.server.engine);
  const Terms begin = step_terms(p.server, {alone ? 0 : n, prompt + answer / 2, prompt, at_once});
  ClosedForm form;
  for (std::size_t j = 0; j < kTerms; ++j) {
    const double one = (begin[j] - (alone ? 0 : decode[j])) / at_once;
    form.tpot[j] = decode[j] + (n - 1) / answer * one;
    form.ttft[j] = waited * form.tpot[j] + begin[j] + 0.1 * (n - 1) / 2 * one;
  }
  return form;
}

enum class Part { kAll, kDevelopment };

// To covered points of families other than this one.
ConstantsFit fit_without(const std::vector<Point>& points, const std::string& family, Part part) {
  std::vector<MeasuredTerms> rows;
  for (const Point& p : points) {
    if (!p.not_covered.empty() || p.family == family) continue;
    if (part == Part::kDevelopment && !p.development) continue;
    const ClosedForm form = closed_form(p);
    rows.push_back({form.tpot, p.tpot});
    if (p.protocol_known && p.clients <= kFewClients)
      rows.push_back({form.ttft, std::max(p.ttft - kFrontEnd, kLeastServed * p.ttft)});
  }
  return fit_constants(rows);
}

// That have a covered point.
std::vector<std::string> families_of(const std::vector<Point>& points) {
  std::vector<std::string> names;
  for (const Point& p : points)
    if (p.not_covered.empty()) names.push_back(p.family);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// By the rule's count: all weights in the precision of the row, all layers keep all of a context.
// None where that does not leave room for the longest request: it did run.
std::optional<KvMemoryParams> memory_of(const Point& p) {
  const ModelShape& m = p.server.model;
  const double token = sequence_memory(p.server, 1);  // within every window
  try {
    const KvMemoryParams memory =
        kv_memory(p.server, m.weights() * weight_bytes(p.server.precision), token);
    if (static_cast<double>(memory.blocks()) * 16 > p.prompt + p.answer) return memory;
  } catch (const std::runtime_error&) {
  }
  return std::nullopt;
}

PointPrediction played(const Point& p, const Terms& constants) {
  const double prompt = mean_length(p) * p.prompt, answer = mean_length(p) * p.answer;
  const int most = std::max(2, p.clients);
  const StepLine line = step_line_unchecked(
      p.server, constants, {most / 2, most, prompt, prompt + answer / 2, prompts_at_once(p)});
  PlaybackParams params;
  StepTime time = line.time;
  time.front_end = kFrontEnd;
  set_step_time(params, time);
  params.engine.max_num_seqs = static_cast<u32>(most);
  params.engine.max_num_batched_tokens = std::max(token_budget(started(p)), static_cast<u32>(most));
  params.engine.kv_blocks = 1u << 29;
  params.engine.kv_memory = memory_of(p);
  params.engine.async_scheduling = true;
  params.engine.mixed_steps = !prompts_alone(p.server.engine);
  ClosedLoop loop{p.clients, p.prompt, p.answer, shortest(p)};
  const int look = steps_between_looks(started(p));
  const double decode =
      seconds(step_terms(p.server, {1.0 * p.clients, prompt + answer / 2}), constants);
  if (look > 1) loop.look = look * decode;
  const ClosedLoopMeans means = play_closed_loop(params, loop);
  return {&p, means.ttft, means.tpot};
}

}  // namespace

std::vector<Point> read_points(const std::string& path, const std::string& sizes) {
  std::vector<Point> points;
  for (const CsvRow& row : read_csv(path))
    if (text(row, "mode") == "agg") points.push_back(point_of(row, sizes));
  if (points.empty()) throw std::runtime_error(path + ": no `agg` row");
  return points;
}

PointStudy study(const std::vector<Point>& points) {
  PointStudy study;
  study.constants = fit_without(points, "", Part::kAll).constants;
  for (const std::string& family : families_of(points)) {
    const ConstantsFit fit = fit_without(points, family, Part::kAll);
    study.families.push_back({family, fit.constants, fit.rounds});
    const Terms first = fit_without(points, family, Part::kDevelopment).constants;
    for (const Point& p : points)
      if (p.family == family && p.not_covered.empty() && !p.development)
        study.held_out.push_back(played(p, first));
  }
  for (const Point& p : points) {
    const auto family = std::find_if(study.families.begin(), study.families.end(),
                                     [&](const auto& f) { return f.name == p.family; });
    study.predictions.push_back(
        played(p, family == study.families.end() ? study.constants : family->constants));
  }
  return study;
}

}  // namespace stampede::calibration
