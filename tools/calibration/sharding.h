// Whether an engine can spread a model over GPUs.
// **Source** vLLM: config/model.py (verify_with_parallel_config), model_executor/models/llama.py
// (KV heads), layers/linear.py and layers/quantization/fp8.py (blocks of weights).
#pragma once
#include "tools/calibration/roofline.h"

namespace stampede::calibration {

// Throws std::runtime_error with what cannot be divided.
void check_sharding(const Server& server);

}  // namespace stampede::calibration
