// Recordings that are one JSON document: results of vLLM's bench serve, reports of GuideLLM, lists
// of requests by a mapping. The whole file is in memory; its rows are sorted by time. Source: vllm
// benchmarks/serve.py (--save-result --save-detailed), guidellm's GenerativeBenchmarks Report (0.2
// to 0.4).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tools/traces/row_format.h"

namespace stampede {

struct DocumentRow {
  TraceRow row;
  RowRemarks remarks;
  RowFault fault;
};

struct Document {
  std::vector<DocumentRow> rows;
  double duration = 0;  // [s] of the benchmark, as it states it; 0: it does not
};

// Does this format's file, which begins so, hold one document instead of lines?
bool is_document(const TraceParams& params, std::string_view beginning);

// Throws std::runtime_error that says what is wrong or asks for an option.
Document read_document(const TraceParams& params, const std::string& text);

}  // namespace stampede
