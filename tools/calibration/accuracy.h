// How well recordings of real servers are predicted: each run from the others of its model.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "tools/calibration/fit.h"

namespace stampede::calibration {

struct Run {
  std::string name, model, gpu;
  int tp = 1;
  bool overloaded = false;  // some requests failed
  PlaybackParams limits;
  ModelSize size{};
  GpuSize gpu_size{};
  u32 output = 0;  // tokens that each request asked
  std::vector<RecordedRequest> recording;
};

// Which texts are shared, of rows of an index that do not say.
struct SharedTexts {
  u32 distinct_prompts = 0;  // request i asks the text of i modulo this; 0: all differ
  u32 system_prompts = 1;    // different beginnings, where `sys_prompt_len` is above 0
};

// The runs of DIRECTORY/index.csv with their recordings. A model or GPU that ends with .json is a
// file in DIRECTORY as `calibrate predict` reads it. Throws std::runtime_error.
std::vector<Run> read_runs(const std::string& directory, const SharedTexts& texts = {});

// Coefficients that are not fitted [s].
struct Held {
  double sequence = 0;                         // b
  std::map<std::string, double> prompt_token;  // c by model
};

// Whether both were of one model on as many GPUs of one kind.
bool same_server(const Run& one, const Run& other);

// Step times from all runs of the server of `like` at moderate load but `left_out`, which may be
// null. Throws NoFit that names the model.
StepTime fit_without(const std::vector<Run>& runs, const Run& like, const Run* left_out,
                     const Held& held = {});

// Of the answered requests [s].
struct Measures {
  std::size_t answered = 0;
  double ttft = 0, ttft_p99 = 0, e2e = 0, e2e_p99 = 0, tpot = 0;  // means, 99th percentiles
};
// `output` 0: no time per token.
Measures measure(const std::vector<RecordedRequest>& requests, u32 output);
Measures measure(const std::vector<PlayedRequest>& requests, u32 output);

// How far `predicted` is from `measured` [%].
double error_percent(double measured, double predicted);

// The value below which a share `q` lies; 0 of none.
double quantile(std::vector<double> values, double q);

struct Prediction {
  const Run* run;
  Measures measured, predicted;
  std::string why_not;  // it could not be predicted; empty: it was
};
// Each run predicted without itself.
std::vector<Prediction> predict_all(const std::vector<Run>& runs, const Held& held = {});

// vLLM 0.19 as it writes such logs (read_engine_log): `blocks` is its num_gpu_blocks.
PlaybackParams engine_of_log(u32 blocks, u32 max_num_seqs);

}  // namespace stampede::calibration
