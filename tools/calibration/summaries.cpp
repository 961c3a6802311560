#include "tools/calibration/summaries.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "sim/random.h"
#include "tools/calibration/csv.h"
#include "tools/calibration/fit.h"
#include "tools/calibration/step_line.h"

namespace stampede::calibration {
namespace {

constexpr double kFrontEndOne = 0.007, kFrontEndMore = 0.009;  // [s] as fitted on H100
constexpr u32 kBlocks = 26'000;  // of the servers whose number is not said; none of them was full
constexpr int kSequences = 128;
// Of the memory's bandwidth, at which decodes read contexts: measured 0.85 to 0.89 for Llama-2-7B
// and Llama-3.1-8B on one H100. Runs at like contexts cannot tell it from what a sequence costs.
constexpr double kReading = 0.8;

std::string plain(std::string model) {
  model = model.substr(model.find('/') + 1);
  for (char& c : model) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return model;
}

std::string sheet_of(const std::string& gpu) {
  const std::string lower = plain(gpu);
  return lower.substr(0, lower.find('-'));
}

// Time between arrivals [s].
double pause(u64 draw, double rate) {
  const double share = (static_cast<double>(mix64(draw) >> 11) + 0.5) * 0x1p-53;
  return -std::log(share) / rate;
}

StageMeans play_stage(const SummaryStage& s, StepTime time) {
  PlaybackParams params;
  time.front_end = s.gpus == 1 ? kFrontEndOne : kFrontEndMore;
  set_step_time(params, time);
  params.engine.max_num_seqs = static_cast<u32>(kSequences);
  params.engine.max_num_batched_tokens = static_cast<u32>(s.budget);
  params.engine.kv_blocks = kBlocks;
  params.engine.prefix_caching = params.engine.async_scheduling = true;
  params.distinct_prompts = 100;
  params.system_prompts = 10;
  params.system_tokens = static_cast<u32>(s.system);
  std::vector<RecordedRequest> requests;
  u64 draws = 0;
  for (double at = 0; at < s.duration; at += pause(draws++, s.rate)) {
    RecordedRequest r;
    r.at = at;
    r.prompt = static_cast<u32>(s.system + s.question);
    r.output = static_cast<u32>(s.answer);
    requests.push_back(r);
  }
  StageMeans means;
  double answered = 0;
  for (const PlayedRequest& r : play(requests, params).requests) {
    if (!r.finished) continue;
    means.ttft += r.ttft;
    means.e2e += r.e2e;
    ++answered;
  }
  return {means.ttft / std::max(1.0, answered), means.e2e / std::max(1.0, answered)};
}

// The number of sequences at which as many come as go, by the sizes alone: at most kSequences.
double balanced_batch(const SummaryStage& s, const Server& server, double context) {
  double batch = 1;
  for (int round = 0; round < 50; ++round) {
    const double step = seconds(step_terms(server, {batch, context}), fitted_constants());
    batch = std::clamp(s.rate * s.answer * step, 1.0, 1.0 * kSequences);
  }
  return batch;
}

std::optional<Server> server_of(const SummaryStage& s, const std::string& sizes) {
  const std::string model = sizes + "/models/" + s.model + ".json";
  if (!std::filesystem::exists(model)) return std::nullopt;
  return Server{read_model_config(model),
                read_gpu_sheet(sizes + "/gpus/" + sheet_of(s.gpu) + ".json"), "bf16", s.gpus,
                EngineKind::kVllm};
}

StepTime from_sizes(const SummaryStage& s, const Server& server) {
  const double prompt = s.system + s.question, context = prompt + s.answer / 2;
  const int batch = static_cast<int>(balanced_batch(s, server, context));
  return step_line(server, fitted_constants(),
                   {std::max(1, batch / 2), std::max(2, 3 * batch / 2), prompt, context})
      .time;
}

// Least squares of y = base + slope x, with a slope that is not negative.
struct Line {
  double base = 0, slope = 0;
};
Line line_through(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sx += x[i], sy += y[i], sxx += x[i] * x[i], sxy += x[i] * y[i];
  const double spread = n * sxx - sx * sx;  // 0: all at one x, which says nothing of a slope
  const double slope = spread > 0 ? std::max(0.0, (n * sxy - sx * sy) / spread) : 0;
  return {(sy - slope * sx) / n, slope};
}

// From the times per token of the other runs. Contexts cost what reading them at kReading takes,
// what is left is a line through the batches; where nothing is left of it, a line through the
// contexts. Prompts are as sizes say.
std::optional<StepTime> from_others(const SummaryStage& s, const std::vector<SummaryStage>& all,
                                    const Server& server, double prompt_token) {
  const double read = step_terms(server, {1, 1})[kContext] / kReading;
  std::vector<double> batch, context, time, rest;
  for (const SummaryStage& o : all) {
    if (o.experiment == s.experiment || o.model != s.model || o.gpu != s.gpu || o.gpus != s.gpus ||
        o.waits())
      continue;
    batch.push_back(o.batch());
    context.push_back(o.batch() * (o.system + o.question + o.answer / 2));
    time.push_back(o.per_token());
    rest.push_back(o.per_token() - read * context.back());
  }
  if (batch.size() < 2) return std::nullopt;
  StepTime t;
  const Line own = line_through(batch, rest), all_context = line_through(context, time);
  t.prompt_token = prompt_token;
  t.base = own.slope > 0 ? own.base : all_context.base;
  t.sequence = own.slope;
  t.context_token = own.slope > 0 ? read : all_context.slope;
  return t;
}

}  // namespace

std::vector<SummaryStage> read_summaries(const std::string& path) {
  std::vector<SummaryStage> stages;
  std::set<std::pair<std::string, std::string>> seen;
  for (const CsvRow& row : read_csv(path)) {
    const std::string& dp = text(row, "dp");
    if (number(row, "stage") < 0 || text(row, "precision") != "FP16" ||
        (!dp.empty() && number(row, "dp") > 1) ||
        !seen.emplace(text(row, "experiment"), text(row, "stage")).second)
      continue;
    SummaryStage s;
    s.experiment = text(row, "experiment");
    s.model = plain(text(row, "model"));
    s.gpu = text(row, "gpu");
    s.gpus = static_cast<int>(number(row, "tp"));
    s.stage = static_cast<int>(number(row, "stage"));
    s.budget = static_cast<int>(number(row, "max_num_batched_tokens"));
    s.rate = number(row, "rate");
    s.duration = number(row, "duration_s");
    s.system = number(row, "system_prompt_len");
    s.question = number(row, "question_len");
    s.answer = number(row, "output_len");
    s.ttft = number(row, "ttft_mean_ms") / 1e3;
    s.e2e = number(row, "e2e_mean_ms") / 1e3;
    stages.push_back(std::move(s));
  }
  return stages;
}

std::vector<SummaryPrediction> predict_summaries(const std::vector<SummaryStage>& stages,
                                                 const std::string& sizes) {
  std::vector<SummaryPrediction> predictions;
  for (const SummaryStage& s : stages) {
    SummaryPrediction p{&s, {}, {}};
    if (const auto server = server_of(s, sizes)) {
      const StepTime sized = from_sizes(s, *server);
      p.sizes = play_stage(s, sized);
      if (const auto others = from_others(s, stages, *server, sized.prompt_token))
        p.others = play_stage(s, *others);
    }
    predictions.push_back(p);
  }
  return predictions;
}

}  // namespace stampede::calibration
