// What a GPU's data sheet says: docs/how-to/predict-your-vllm.md has the file's keys.
#pragma once
#include <string>

namespace stampede::calibration {

struct GpuSheet {
  // That an engine finds, a little less than the data sheet has [B]; 0: not known
  double memory = 0;
  double bandwidth = 0;               // of its memory [B/s]
  double link = 0;                    // to the other GPUs, one way [B/s]; 0: not known
  double bf16 = 0, fp8 = 0, fp4 = 0;  // dense arithmetic [1/s]; 0: has none of it
};

// JSON with memory_bandwidth, bf16_flops and perhaps memory, link_bandwidth, fp8_flops and
// fp4_flops. Throws std::runtime_error with the line and column of a key that is none of these, and
// of a value that no GPU has.
GpuSheet read_gpu_sheet(const std::string& path);

}  // namespace stampede::calibration
