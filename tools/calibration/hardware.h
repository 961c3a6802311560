// What is published of models and GPUs: sizes that bound a step's time from below, so that a fit
// cannot leave physics.
#pragma once
#include <string>
#include <vector>

#include "tools/calibration/roofline.h"

namespace stampede::calibration {

struct ModelSize {
  const char* name;
  double weights;           // parameters in all
  double active;            // parameters that one token meets
  double kv_bytes;          // of one token's keys and values [B]
  double weight_bytes = 2;  // of a weight [B]
  double kv_least = -1;     // of the layers that read all of a context [B]; below 0: all layers
};

struct GpuSize {
  const char* name;
  double bandwidth;  // of its memory [B/s]
  double flops;      // dense bf16 [1/s]
};

// Null if unknown. Sources: the models' published configurations (layers x KV heads x head size x
// 2 x 2 B); the makers' data sheets.
const ModelSize* find_model(const std::string& name);
const GpuSize* find_gpu(const std::string& name);
std::vector<std::string> known_models();
std::vector<std::string> known_gpus();

// The same of files that `calibrate predict` reads.
ModelSize size_of(const Server& server);
GpuSize gpu_size_of(const Server& server);

// Bounds of a step's coefficients on `tp` GPUs [s].
struct StepBounds {
  double base_low;                   // a: reading the weights that one token meets
  double context_low, context_high;  // d: all of the memory's bandwidth, 40 % of it
  double prompt_low, prompt_high;    // c: 75 % of the arithmetic, 50 % of it
  double sequence = 0;               // b, held
};
StepBounds step_bounds(const ModelSize& model, const GpuSize& gpu, int tp);

// Coefficients from data sheets alone, for a GPU that nobody measured [s].
// Source of the three shares: Llama-3.1-8B on H100 and L40S (6.85 and 22.2 ms a decode step, 4.8
// and 18.6 ms to read its weights): 90 % of the bandwidth and 1.5 ms besides; 87 % of it for
// reading contexts (Llama-2-7B and Llama-3.1-8B on H100); 67 % of the arithmetic for prompts (dense
// operations of Llama-2-7B on H100, Vidur's profile).
struct StepEstimate {
  double base, prompt_token, context_token;
};
StepEstimate estimate_step(const ModelSize& model, const GpuSize& gpu, int tp);

}  // namespace stampede::calibration
