// The formats of recordings: one line of text -> requests, or a whole document -> requests.
// Source: AzurePublicDataset (AzureLLMInferenceDataset2023.md, ...2024.md), HPMLL/BurstGPT
// (README), kvcache-ai/Mooncake (FAST25-release/traces), Qwen-Bailian (ATC 25), vLLM
// benchmarks/serve.py, GuideLLM and AIPerf reports, per-request logs of serving benchmarks.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/clients/trace_params.h"
#include "models/ports/trace_source_port.h"

namespace stampede {

// What is wrong with a line; `column` counts bytes from 0.
struct RowFault {
  std::string message;  // empty: nothing
  u32 column = 0;
};

inline constexpr double kMostTokens = 16'777'216;  // of a prompt or an answer
inline constexpr double kLatestSeconds = 4e9;      // of a time, since 1970 or the beginning

// What a row says beyond what is played.
struct RowRemarks {
  bool failed = false;      // an error was recorded
  bool left_out = false;    // by the format's own rule, such as a warm-up
  u32 parts = 0;            // images and the like
  bool fractional = false;  // the number of its time is no whole one
  double raw_time = 0;      // as it is written, if it is a number
  bool numeric_time = false;
  TimeUnit unit = TimeUnit::kS;  // that it was read in
  bool sure_unit = false;        // a time since 1970 in any other unit is out of the question
  bool other_total = false;      // the row's total of tokens is not the sum of its parts
};

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  virtual bool has_header() const { return false; }
  virtual RowFault header(std::string_view) { return {}; }
  // Does a record go on in the next line?
  virtual bool incomplete(std::string_view) const { return false; }
  // Fills `row` but for its number; `row.at` counts from an origin of the file's own.
  virtual RowFault read(std::string_view line, TraceRow& row, RowRemarks& remarks) = 0;
  // Further requests of the same line.
  virtual bool more(TraceRow&, RowRemarks&, RowFault&) { return false; }
};

// `first_line` decides between CSV and JSON lines where a format takes both.
std::unique_ptr<RowFormat> make_row_format(const TraceParams& params, std::string_view first_line);

// Tokens of a block identity in a format; 0: it has none.
u32 block_tokens_of(TraceFormat format);

}  // namespace stampede
