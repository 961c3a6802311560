// How the servers of the measured points were started, as far as it decides when a prompt begins.
// **Source** InferenceX, benchmarks/single_node and the deleted benchmarks/70b_*: the flags of the
// launch scripts. **Limits** Flags changed from version to version; the last ones are taken.
#pragma once
#include <string>

#include "sim/units.h"
#include "tools/calibration/roofline.h"

namespace stampede::calibration {

struct BenchmarkServer {
  std::string family;      // of models, such as Kimi
  bool blackwell = false;  // B200 and later
  EngineKind engine{};
  double prompt = 1024;  // longest [tokens]
  int clients = 1;
  std::string precision = "bf16";  // of the weights
};

// Tokens that a step computes at most: max_num_batched_tokens, max_num_tokens,
// chunked_prefill_size.
u32 token_budget(const BenchmarkServer& server);

// Decode steps between two looks at what has come: scheduler_recv_interval of SGLang.
int steps_between_looks(const BenchmarkServer& server);

// Bytes of a key or value, as docs/measurements/step_time_rule.md has them: one with weights in fp8
// and fp4, but for models that were started without.
double key_value_bytes(const BenchmarkServer& server);

}  // namespace stampede::calibration
