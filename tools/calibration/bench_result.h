// What benchmark programs leave of each request, as a recording.
// **Source** vLLM, vllm/benchmarks/serve.py: `vllm bench serve --save-result --save-detailed`;
// GuideLLM, src/guidellm/schemas/request_stats.py: its benchmarks.json.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/clients/trace_params.h"
#include "tools/calibration/recording.h"

namespace stampede::calibration {

// In order of arrival, the first at 0. `benchmark`: which one, of a file of GuideLLM that holds
// several; from 0. `unit`: of the times when requests began; without it seconds, which are refused
// where they can hardly be meant. Throws std::runtime_error that says what is missing.
std::vector<RecordedRequest> read_bench_result(const std::string& path, std::size_t benchmark = 0,
                                               std::optional<TimeUnit> unit = std::nullopt);

// The CSV that a scenario's trace and read_recording() read.
std::string recording_csv(const std::vector<RecordedRequest>& recording);

}  // namespace stampede::calibration
