// The formats of recordings: one line of text -> one request.
// Source: AzurePublicDataset (AzureLLMInferenceDataset2023.md, ...2024.md), HPMLL/BurstGPT
// (README), kvcache-ai/Mooncake (FAST25-release/traces), per-request logs of serving benchmarks.
// Limits: a CSV field may stand in double quotes but holds no comma, quote or line end.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "models/clients/trace_params.h"
#include "models/ports/trace_source_port.h"

namespace stampede {

// What is wrong with a line; `column` counts bytes from 0.
struct RowFault {
  std::string message;  // empty: nothing
  u32 column = 0;
};

inline constexpr double kMostTokens = 16'777'216;  // of a prompt or an answer

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  virtual bool has_header() const = 0;
  virtual RowFault header(std::string_view line) = 0;
  // Fills `row` but for its number; `row.at` counts from an origin of the file's own.
  virtual RowFault read(std::string_view line, TraceRow& row) const = 0;
};

std::unique_ptr<RowFormat> make_row_format(TraceFormat format);

}  // namespace stampede
